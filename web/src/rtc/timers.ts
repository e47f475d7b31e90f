/** The clock of the media client, so that tests turn it by hand. Milliseconds. */
export interface Clock {
  now(): number;
  /** Calls back once after ms; the answer cancels. */
  after(ms: number, run: () => void): () => void;
}

export const browserClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

const first = 300; // ms before the first new try: long enough for a Wi-Fi hiccup, short enough not to be noticed
const longest = 5_000; // ms; a class of 30 that comes back after a restart spreads over this

/**
 * How long to wait before try number `attempt` (from 0): doubles from 0.3 s to 5 s, the upper half of it by chance so
 * that a class does not come back at one instant.
 */
export function backoff(attempt: number, chance: () => number = Math.random): number {
  const cap = Math.min(longest, first * 2 ** Math.min(attempt, 16));
  return Math.round(cap / 2 + (cap / 2) * chance());
}
