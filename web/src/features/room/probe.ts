import type { Lesson } from '@/api/generated/types.gen.ts';
import type { Probe } from '@/rtc/SignalClient.ts';

/** Asks for the lesson by plain HTTP, since a refused WebSocket does not say why. */
export async function probe(lesson: string): Promise<Probe> {
  try {
    const answer = await fetch(`/api/v1/lessons/${encodeURIComponent(lesson)}`, { cache: 'no-store' });
    const { status } = answer;
    if (status === 401) return 'signed_out';
    if (status === 403 || status === 404) return 'not_allowed';
    if (status >= 500) return 'unreachable';
    const { state, mayJoin } = (await answer.json()) as Lesson;
    return mayJoin ? 'ok' : state === 'ended' ? 'ended' : 'removed';
  } catch {
    return 'unreachable';
  }
}
