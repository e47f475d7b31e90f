import { useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { safeNext } from '@/parts/safeNext.ts';

/** What comes after signing in: nothing of the person before stays, and the page they were going to opens. */
export function useArrive(): (next: string | undefined) => void {
  const client = useQueryClient();
  const router = useRouter();
  return (next) => {
    // The link just used is still shown until the next page is there: asking about it again would only be refused.
    client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'link' && queryKey[0] !== 'setup' });
    router.history.replace(safeNext(next));
  };
}
