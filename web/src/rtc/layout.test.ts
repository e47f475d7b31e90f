import { describe, expect, it } from 'vitest';
import {
  bringForward,
  changeStage,
  grid,
  onStage,
  pageOf,
  pageSize,
  pictureHeight,
  seats,
} from './layout.ts';

describe('seats', () => {
  it('are kept while people come', () => {
    expect(seats(['a', 'b'], ['c', 'b', 'a'])).toEqual(['a', 'b', 'c']);
  });

  it('are filled by the last one when somebody leaves: one tile moves', () => {
    expect(seats(['a', 'b', 'c', 'd'], ['a', 'c', 'd'])).toEqual(['a', 'd', 'c']);
  });

  it('are not touched by those who left at the end', () => {
    expect(seats(['a', 'b', 'c', 'd'], ['a', 'b'])).toEqual(['a', 'b']);
    expect(seats(['a', 'b'], [])).toEqual([]);
  });

  it('stay the same object when nothing changed', () => {
    const row = ['a', 'b'];
    expect(seats(row, ['b', 'a'])).toBe(row);
  });

  it('hold everybody once, whatever happens', () => {
    const all = [...'abcdefghij'];
    let row: readonly string[] = [];
    let seed = 7;
    for (let i = 0; i < 500; i += 1) {
      seed = (seed * 16807) % 2147483647;
      const mask = seed;
      const present = all.filter((_, bit) => (mask >> bit) & 1);
      const before = row;
      row = seats(row, present);
      expect([...row].sort()).toEqual(present);
      const stayed = before.filter((id) => present.includes(id));
      const gone = before.length - stayed.length;
      expect(stayed.filter((id) => row.indexOf(id) !== before.indexOf(id)).length).toBeLessThanOrEqual(gone);
    }
  });
});

describe('the stage', () => {
  const present = [
    { id: 'p', staff: false },
    { id: 't', staff: true },
  ];

  it('belongs to the pinned one, then to whom the server shows, then to the speaker, then to a teacher', () => {
    expect(onStage('p', 't', 't', present)).toBe('p');
    expect(onStage('', 'p', 't', present)).toBe('p');
    expect(onStage('', '', 'p', present)).toBe('p');
    expect(onStage('', '', '', present)).toBe('t');
    expect(onStage('gone', 'gone', 'gone', present)).toBe('t');
    expect(onStage('', '', '', [])).toBe('');
  });

  it('is taken by changing seats', () => {
    expect(changeStage(['a', 'b', 'c'], 'a', 'c')).toEqual(['c', 'b', 'a']);
    const row = ['a', 'b'];
    expect(changeStage(row, 'a', 'x')).toBe(row);
  });
});

describe('a speaker from another page', () => {
  const row = ['t', 'a', 'b', 'c'];

  it('takes the seat of whoever was silent longest, not of those who are fixed', () => {
    const heard = new Map([
      ['a', 5],
      ['b', 3],
    ]);
    expect(bringForward(row, 3, 'c', heard, new Set(['t']))).toEqual(['t', 'a', 'c', 'b']);
  });

  it('stays when seen already', () => {
    expect(bringForward(row, 3, 'a', new Map(), new Set())).toBe(row);
  });
});

describe('grid', () => {
  it.each([
    [1, 1],
    [2, 2],
    [9, 3],
    [30, 6],
  ])('of %i on a wide screen has %i columns', (n, columns) => {
    expect(grid(n, 1264, 640, 8).columns).toBe(columns);
  });

  it('stands upright on a phone', () => {
    expect(grid(2, 344, 600, 8).columns).toBe(1);
  });

  it('always fits its box', () => {
    for (let n = 1; n <= 49; n += 1) {
      for (const [w, h] of [
        [344, 600],
        [1264, 640],
        [740, 250],
        [320, 320],
      ] as const) {
        const g = grid(n, w, h, 8);
        expect(g.columns * g.width + (g.columns - 1) * 8).toBeLessThanOrEqual(w);
        expect(g.rows * g.height + (g.rows - 1) * 8).toBeLessThanOrEqual(h);
        expect(g.columns * g.rows).toBeGreaterThanOrEqual(n);
      }
    }
  });

  it('has no more tiles on a page than there are slots', () => {
    expect(pageSize(1264, 640, 8, false, 24)).toBeLessThanOrEqual(24);
    expect(pageSize(344, 600, 8, true, 9)).toBe(9);
    expect(pageSize(10, 10, 8, true, 9)).toBe(1);
  });

  it('turns to the last page when there are fewer people now', () => {
    expect(pageOf([1, 2, 3, 4, 5], 2, 9)).toEqual({ shown: [5], page: 2, pages: 3 });
    expect(pageOf([], 2, 0)).toEqual({ shown: [], page: 0, pages: 1 });
  });
});

describe('pictureHeight', () => {
  it('counts device pixels, and what a tall tile crops', () => {
    expect(pictureHeight(320, 180, 'cover', 2)).toBe(360);
    expect(pictureHeight(360, 600, 'cover', 1)).toBe(600);
    expect(pictureHeight(1600, 300, 'cover', 1)).toBe(900);
    expect(pictureHeight(360, 600, 'contain', 2)).toBe(405);
    expect(pictureHeight(0, 100, 'cover', 2)).toBe(0);
  });
});
