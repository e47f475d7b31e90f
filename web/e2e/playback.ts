import { expect } from '@playwright/test';
import type { Person } from './person.ts';

/** A recording as the API tells it. */
export interface Recorded {
  readonly id: string;
  readonly state: string;
  /** ms since 1970. */
  readonly startedAt: number;
  readonly seconds: number;
}

/** One presented picture of a replay with the tones around it. */
export interface Shot {
  readonly what: number;
  readonly frame: number;
  /** Seconds of the recording. */
  readonly at: number;
  readonly tones: readonly number[];
}

/** The recording of a lesson, as soon as it is among a person's own; at most five seconds after the end. */
export async function recordingOf(person: Person, lesson: string): Promise<Recorded> {
  let found: Recorded | undefined;
  await expect
    .poll(
      async () => {
        const { recordings } = (await person.fetchJSON('/api/v1/today')) as {
          recordings: { id: string; lessonId: string; startedAt: string; seconds: number; state: string }[];
        };
        const r = recordings.find((one) => one.lessonId === lesson);
        if (r !== undefined) found = { ...r, startedAt: Date.parse(r.startedAt) };
        return found?.state;
      },
      { timeout: 5000, intervals: [100] },
    )
    .toMatch(/ready|finishing/);
  if (found === undefined) throw new Error('no recording');
  return found;
}

/** Opens the replay page and presses play. */
export async function openReplay(person: Person, origin: string, recording: string): Promise<void> {
  await person.page.goto(`${origin}/replay/${recording}`);
  await expect
    .poll(() => person.page.evaluate(() => document.querySelector('video')?.readyState ?? 0))
    .toBeGreaterThan(1);
  const paused = await person.page.evaluate(() => document.querySelector('video')?.paused);
  if (paused === true) await person.page.keyboard.press('Space');
  await expect
    .poll(() => person.page.evaluate(() => document.querySelector('video')?.currentTime ?? 0))
    .toBeGreaterThan(0.1);
}

/** Moves to a place in the recording, in seconds, and plays on. */
export async function seek(person: Person, to: number): Promise<void> {
  await person.page.evaluate((seconds) => {
    const video = document.querySelector('video');
    if (video === null) throw new Error('no player');
    video.currentTime = seconds;
    return video.play();
  }, to);
}

/** Plays from a place to another and gathers every picture presented in between with what was heard then. */
export async function watchReplay(person: Person, from: number, to: number): Promise<Shot[]> {
  await seek(person, from);
  await person.page.evaluate(() => window.oracle.watch('video'));
  const position = () => person.page.evaluate(() => document.querySelector('video')?.currentTime ?? 0);
  await expect.poll(position, { timeout: (to - from) * 2000 + 10_000, intervals: [200] }).toBeGreaterThan(to);
  const { shots, sounds } = await person.page.evaluate(() => ({
    shots: window.oracle.watched(),
    sounds: window.oracle.sounds(),
  }));
  return shots.map((s) => ({
    ...s,
    // The oracle's window looks 43 ms back.
    tones: [...new Set(sounds.filter((h) => Math.abs(h.at - 21 - s.now) < 60).map((h) => h.tone))],
  }));
}

/** What somebody saw live: frame numbers of one picture against the wall clock in ms. */
export type Live = readonly { what: number; frame: number; now: number }[];

/** Remembers a remote camera's pictures as they are presented in a browser during the lesson. */
export async function watchLive(person: Person): Promise<() => Promise<Live>> {
  await person.page.evaluate(() => window.oracle.watch('video[data-source="camera"][data-participant]'));
  return () => person.page.evaluate(() => window.oracle.watched());
}

/** What was seen live at a moment, give or take a tenth of a second. */
export function nearest(live: Live, now: number): Live[number] | null {
  let best: Live[number] | null = null;
  for (const l of live) if (best === null || Math.abs(l.now - now) < Math.abs(best.now - now)) best = l;
  return best !== null && Math.abs(best.now - now) < 100 ? best : null;
}
