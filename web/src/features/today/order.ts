import type { Lesson, RecordingCard } from '@/api/generated/types.gen.ts';

const minute = 60_000; // ms

/** A lesson that nobody began is given up this long after it should have ended. */
const patience = 60 * minute;

const startOf = (lesson: Lesson) => Date.parse(lesson.startsAt);

/** True while it makes sense to go in. */
export function isAhead(lesson: Lesson, now: number): boolean {
  if (lesson.state === 'live') return true;
  if (lesson.state === 'ended') return false;
  return startOf(lesson) + lesson.minutes * minute + patience > now;
}

/**
 * The one lesson to go to: one that runs, with people inside before an empty one and the latest begun first; else the
 * next by the timetable.
 */
export function nextLesson(lessons: readonly Lesson[], now: number): Lesson | undefined {
  const ahead = lessons.filter((lesson) => lesson.mayJoin && isAhead(lesson, now));
  const rank = (lesson: Lesson) => (lesson.state !== 'live' ? 2 : lesson.inside > 0 ? 0 : 1);
  return ahead.sort((a, b) => {
    if (rank(a) !== rank(b)) return rank(a) - rank(b);
    return rank(a) === 2 ? startOf(a) - startOf(b) : startOf(b) - startOf(a);
  })[0];
}

/** The day from morning to evening; lessons at the same minute by class. */
export function byTime(lessons: readonly Lesson[]): Lesson[] {
  return [...lessons].sort(
    (a, b) => startOf(a) - startOf(b) || a.className.localeCompare(b.className, undefined, { numeric: true }),
  );
}

/** Begun but not finished recordings first, then those not opened, then the watched; newest first in each. */
export function byWatching(recordings: readonly RecordingCard[]): RecordingCard[] {
  const rank = { begun: 0, new: 1, watched: 2 };
  return [...recordings].sort(
    (a, b) => rank[watched(a)] - rank[watched(b)] || Date.parse(b.startedAt) - Date.parse(a.startedAt),
  );
}

const tail = 15; // s; the last words before a lesson ends are goodbyes
const taste = 5; // s; less than this is opening and closing

export function watched(card: RecordingCard): 'new' | 'begun' | 'watched' {
  if (card.state === 'ready' && card.seconds > 0 && card.resumeSeconds >= card.seconds - tail)
    return 'watched';
  return card.resumeSeconds > taste ? 'begun' : 'new';
}

/** How far a person got, from 0 to 1. */
export function progress(card: RecordingCard): number {
  return card.seconds > 0 ? Math.min(1, card.resumeSeconds / card.seconds) : 0;
}
