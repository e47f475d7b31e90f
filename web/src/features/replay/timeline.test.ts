import { describe, expect, it } from 'vitest';
import type { Recording } from '@/api/generated/types.gen.ts';
import { askedMoment, chapters, indexAt, stageAt, stageSpans, startAt } from './timeline.ts';

function recording(over: Partial<Recording> = {}): Recording {
  return {
    id: 'r',
    lessonId: 'l',
    title: 'Дроби',
    className: '7Б',
    startedAt: '2026-11-23T09:00:00Z',
    seconds: 600,
    state: 'ready',
    resumeSeconds: 0,
    mayDelete: false,
    events: [],
    stage: [],
    gaps: [],
    chat: [],
    ...over,
  };
}

const stage: Recording['stage'] = [
  { at: 0, personName: 'Анна', source: 'camera' },
  { at: 100, personName: 'Анна', source: 'share' },
  { at: 200, personName: 'Анна', source: 'camera' },
  { at: 300, personName: 'Боря', source: 'camera' },
  { at: 303, personName: 'Анна', source: 'camera' },
  { at: 590, personName: '', source: 'slate' },
];

describe('stage', () => {
  it('lasts until the next change and the last until the end', () => {
    const spans = stageSpans({ stage }, 600);
    expect(spans[1]).toEqual({ from: 100, to: 200, source: 'share', name: 'Анна' });
    expect(spans.at(-1)).toMatchObject({ from: 590, to: 600 });
  });

  it('has nothing after the end of a recording that still grows', () => {
    expect(stageSpans({ stage }, 250).at(-1)).toMatchObject({ from: 200, to: 250 });
  });

  it('knows who is on at a moment', () => {
    expect(stageAt({ stage }, 301)?.personName).toBe('Боря');
    expect(stageAt({ stage: [] }, 5)).toBeUndefined();
  });
});

describe('chapters', () => {
  it('are screens and long turns, not a word in between', () => {
    expect(chapters(recording({ stage }), 600)).toEqual([
      { kind: 'person', at: 0, name: 'Анна' },
      { kind: 'share', at: 100, name: 'Анна' },
      { kind: 'person', at: 303, name: 'Анна' },
    ]);
  });

  it('begin with the start and name holes and marks', () => {
    const events = [
      { at: 400, kind: 'chapter', personName: 'Анна', data: { title: 'Домашнее задание' } },
      { at: 410, kind: 'chapter', personName: 'Анна', data: { title: 7 } },
    ];
    expect(chapters(recording({ gaps: [{ from: 50, to: 62 }], events }), 600)).toEqual([
      { kind: 'start', at: 0 },
      { kind: 'gap', at: 50, seconds: 12 },
      { kind: 'named', at: 400, title: 'Домашнее задание' },
    ]);
  });

  it('leave the speakers out when there are too many to read', () => {
    const many = Array.from({ length: 100 }, (_, i) => ({
      at: i * 10,
      personName: i % 2 ? 'А' : 'Б',
      source: 'camera' as const,
    }));
    expect(chapters(recording({ stage: many }), 1000)).toEqual([{ kind: 'start', at: 0 }]);
  });
});

describe('where to begin', () => {
  it.each([
    ['#t=75', 75],
    ['#t=75.5', 75.5],
    ['t=0', 0],
    ['#t=-5', undefined],
    ['#t=1e9', undefined],
    ['', undefined],
  ])('%j asks for %s', (hash, at) => expect(askedMoment(hash)).toBe(at));

  it('is the asked moment, else where one stopped', () => {
    expect(startAt(recording({ resumeSeconds: 300 }), '#t=75')).toBe(75);
    expect(startAt(recording({ resumeSeconds: 300 }), '')).toBe(300);
  });

  it('is the start again after the end, and while it grows it is not the end', () => {
    expect(startAt(recording({ resumeSeconds: 595 }), '')).toBe(0);
    expect(startAt(recording({ resumeSeconds: 595, state: 'live' }), '')).toBe(595);
    expect(startAt(recording({ resumeSeconds: 3 }), '')).toBe(0);
  });
});

it('finds the last thing said', () => {
  const list = [{ at: 1 }, { at: 5 }, { at: 5 }, { at: 9 }];
  expect(indexAt(list, 0)).toBe(-1);
  expect(indexAt(list, 5)).toBe(2);
  expect(indexAt(list, 99)).toBe(3);
});
