import type { Probe } from '@/rtc/SignalClient.ts';

/** Asks for the lesson by plain HTTP, since a refused WebSocket does not say why. */
export async function probe(lesson: string): Promise<Probe> {
  try {
    const { status } = await fetch(`/api/v1/lessons/${encodeURIComponent(lesson)}`, { cache: 'no-store' });
    if (status === 401) return 'signed_out';
    if (status === 403 || status === 404) return 'not_allowed';
    return status < 500 ? 'ok' : 'unreachable';
  } catch {
    return 'unreachable';
  }
}
