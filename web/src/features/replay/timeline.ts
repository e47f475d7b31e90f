import type { Recording } from '@/api/generated/types.gen.ts';

export interface StageSpan {
  from: number;
  to: number;
  source: 'camera' | 'share' | 'slate';
  name: string;
}

/** Who was on stage from when to when; the last one until the end. */
export function stageSpans(recording: Pick<Recording, 'stage'>, duration: number): StageSpan[] {
  return recording.stage
    .map((change, i, all) => ({
      from: change.at,
      to: Math.min(duration, all[i + 1]?.at ?? duration),
      source: change.source,
      name: change.personName,
    }))
    .filter((span) => span.to > span.from);
}

export function stageAt(
  recording: Pick<Recording, 'stage'>,
  time: number,
): Recording['stage'][number] | undefined {
  return recording.stage.findLast((change) => change.at <= time);
}

export type Chapter = { at: number } & (
  | { kind: 'start' }
  | { kind: 'share'; name: string }
  | { kind: 'person'; name: string }
  | { kind: 'gap'; seconds: number }
  | { kind: 'named'; title: string }
);

const glance = 8; // s; a shorter turn on stage is a word, not a chapter
const tooMany = 40; // turns of speakers; above it they would hide the rest

/** The recording's table of contents: named chapters, shared screens, who spoke at length, holes. */
export function chapters(recording: Recording, duration: number): Chapter[] {
  const list: Chapter[] = [];
  const people: Chapter[] = [];
  let last = '';
  for (const span of stageSpans(recording, duration)) {
    if (span.source === 'share') list.push({ kind: 'share', at: span.from, name: span.name });
    else if (span.source === 'camera' && span.name !== last && span.to - span.from >= glance) {
      people.push({ kind: 'person', at: span.from, name: span.name });
    }
    if (span.source === 'camera') last = span.name;
  }
  if (people.length <= tooMany) list.push(...people);
  for (const gap of recording.gaps) list.push({ kind: 'gap', at: gap.from, seconds: gap.to - gap.from });
  for (const event of recording.events) {
    const title = event.data.title;
    if (event.kind === 'chapter' && typeof title === 'string')
      list.push({ kind: 'named', at: event.at, title });
  }
  list.sort((a, b) => a.at - b.at);
  return list.some((one) => one.at < 1) ? list : [{ kind: 'start', at: 0 }, ...list];
}

/** The last thing at or before a moment, or -1. */
export function indexAt(list: readonly { at: number }[], time: number): number {
  return list.findLastIndex((one) => one.at <= time);
}

/** The second asked for by an address such as "#t=754". */
export function askedMoment(hash: string): number | undefined {
  const found = /^#?t=(\d+(?:\.\d+)?)$/.exec(hash)?.[1];
  return found === undefined ? undefined : Number(found);
}

/** Where to begin: the address, else where this person stopped, unless that was the start or the end. */
export function startAt(
  recording: Pick<Recording, 'seconds' | 'resumeSeconds' | 'state'>,
  hash: string,
): number {
  const asked = askedMoment(hash);
  if (asked !== undefined) return asked;
  const { resumeSeconds, seconds, state } = recording;
  if (resumeSeconds < 5 || (state === 'ready' && resumeSeconds > seconds - 15)) return 0;
  return resumeSeconds;
}
