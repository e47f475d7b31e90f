import { useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { safeNext } from '@/parts/safeNext.ts';

/** What comes after signing in: nothing of the person before stays, and the page they were going to opens. */
export function useArrive(): (next: string | undefined) => void {
  const client = useQueryClient();
  const router = useRouter();
  return (next) => {
    client.clear();
    router.history.replace(safeNext(next));
  };
}
