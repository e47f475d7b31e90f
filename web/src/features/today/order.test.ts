import { describe, expect, it } from 'vitest';
import type { Lesson, RecordingCard } from '@/api/generated/types.gen.ts';
import { byTime, byWatching, isAhead, nextLesson, progress, watched } from './order.ts';

const now = Date.parse('2026-11-23T10:00:00Z');

function lesson(id: string, startsAt: string, over: Partial<Lesson> = {}): Lesson {
  return {
    id,
    title: id,
    classId: 'c',
    className: '7Б',
    teacherId: 't',
    teacherName: 'Анна',
    startsAt: `2026-11-23T${startsAt}:00Z`,
    minutes: 45,
    recorded: true,
    state: 'planned',
    inside: 0,
    mayJoin: true,
    mayModerate: false,
    ...over,
  };
}

function card(id: string, over: Partial<RecordingCard> = {}): RecordingCard {
  return {
    id,
    lessonId: id,
    title: id,
    className: '7Б',
    startedAt: '2026-11-23T09:00:00Z',
    seconds: 2400,
    state: 'ready',
    resumeSeconds: 0,
    mayDelete: false,
    ...over,
  };
}

describe('nextLesson', () => {
  it('is the one that runs, before any that is planned', () => {
    const lessons = [lesson('soon', '10:01'), lesson('runs', '09:30', { state: 'live' })];
    expect(nextLesson(lessons, now)?.id).toBe('runs');
  });

  it('is where people are, of two that run', () => {
    const lessons = [
      lesson('empty', '09:50', { state: 'live' }),
      lesson('people', '09:30', { state: 'live', inside: 3 }),
    ];
    expect(nextLesson(lessons, now)?.id).toBe('people');
  });

  it('is the nearest planned one', () => {
    expect(nextLesson([lesson('later', '12:00'), lesson('sooner', '10:30')], now)?.id).toBe('sooner');
  });

  it('waits for a late teacher, but not all day', () => {
    expect(nextLesson([lesson('late', '09:50')], now)?.id).toBe('late');
    expect(nextLesson([lesson('never', '08:00')], now)).toBeUndefined();
  });

  it('is none that has ended or that one may not join', () => {
    const lessons = [
      lesson('ended', '09:50', { state: 'ended' }),
      lesson('sent out', '10:05', { mayJoin: false }),
    ];
    expect(nextLesson(lessons, now)).toBeUndefined();
  });
});

describe('the day', () => {
  it('goes from morning to evening, by class at the same minute', () => {
    const lessons = [
      lesson('b', '10:00', { className: '10А' }),
      lesson('a', '10:00', { className: '7Б' }),
      lesson('c', '08:00'),
    ];
    expect(byTime(lessons).map((one) => one.id)).toEqual(['c', 'a', 'b']);
  });

  it('is behind when it ended early', () => {
    expect(isAhead(lesson('x', '09:59', { state: 'ended' }), now)).toBe(false);
  });
});

describe('recordings', () => {
  it('are begun, then new, then watched', () => {
    const list = [
      card('watched', { resumeSeconds: 2390 }),
      card('old', { startedAt: '2026-11-20T09:00:00Z' }),
      card('new'),
      card('begun', { resumeSeconds: 600, startedAt: '2026-11-19T09:00:00Z' }),
    ];
    expect(byWatching(list).map((one) => one.id)).toEqual(['begun', 'new', 'old', 'watched']);
  });

  it('is not watched while it still grows', () => {
    expect(watched(card('x', { state: 'live', resumeSeconds: 2399 }))).toBe('begun');
  });

  it('is not begun by opening and closing', () => {
    expect(watched(card('x', { resumeSeconds: 2 }))).toBe('new');
  });

  it('has a progress between nothing and all', () => {
    expect(progress(card('x', { resumeSeconds: 600 }))).toBe(0.25);
    expect(progress(card('x', { seconds: 0, resumeSeconds: 5 }))).toBe(0);
    expect(progress(card('x', { seconds: 10, resumeSeconds: 50 }))).toBe(1);
  });
});
