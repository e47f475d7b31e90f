/** Where tiles are, as pure functions: who sits where, and how large. Sizes in CSS pixels. */

/**
 * Keeps everybody in their seat while they can stay: who left is replaced by the last one, who came sits down at the
 * end. So one change moves one tile.
 */
export function seats(before: readonly string[], present: readonly string[]): readonly string[] {
  const here = new Set(present);
  const next = [...before];
  for (let i = next.length - 1; i >= 0; i -= 1) {
    if (here.has(next[i] as string)) continue;
    const last = next.pop() as string;
    if (i < next.length) next[i] = last;
  }
  const seated = new Set(next);
  for (const id of present) if (!seated.has(id)) next.push(id);
  const same = next.length === before.length && next.every((id, i) => id === before[i]);
  return same ? before : next;
}

/** Whoever goes on stage and whoever leaves it change seats: the rest of the strip stands still. */
export function changeStage(row: readonly string[], from: string, to: string): readonly string[] {
  const a = row.indexOf(from);
  const b = row.indexOf(to);
  if (a < 0 || b < 0 || a === b) return row;
  const next = [...row];
  next[a] = to;
  next[b] = from;
  return next;
}

/**
 * Brings a speaker from a further page to the first one, in the seat of whoever there was silent longest. `heard` tells
 * when somebody last spoke, in ms; `fixed` keep their seats.
 */
export function bringForward(
  row: readonly string[],
  room: number,
  speaker: string,
  heard: ReadonlyMap<string, number>,
  fixed: ReadonlySet<string>,
): readonly string[] {
  if (row.indexOf(speaker) < room) return row;
  let quietest = -1;
  for (let i = Math.min(room, row.length) - 1; i >= 0; i -= 1) {
    const id = row[i] as string;
    if (fixed.has(id)) continue;
    const best = quietest < 0 ? Number.POSITIVE_INFINITY : (heard.get(row[quietest] as string) ?? 0);
    if ((heard.get(id) ?? 0) < best) quietest = i;
  }
  return quietest < 0 ? row : changeStage(row, row[quietest] as string, speaker);
}

export interface Grid {
  readonly columns: number;
  readonly rows: number;
  readonly width: number;
  readonly height: number;
}

const shapes = [16 / 9, 4 / 3, 1] as const; // a wide tile shows the whole picture; the others crop its sides

/** The largest tiles for n people in a box; a cropped picture must be well larger to win. */
export function grid(n: number, boxWidth: number, boxHeight: number, gap: number): Grid {
  let best: Grid = { columns: 1, rows: Math.max(1, n), width: 0, height: 0 };
  let bestWorth = -1;
  for (let columns = 1; columns <= Math.max(1, n); columns += 1) {
    const rows = Math.ceil(n / columns);
    const maxWidth = (boxWidth - gap * (columns - 1)) / columns;
    const maxHeight = (boxHeight - gap * (rows - 1)) / rows;
    if (maxWidth <= 0 || maxHeight <= 0) continue;
    for (const [i, shape] of shapes.entries()) {
      const width = Math.min(maxWidth, maxHeight * shape);
      const height = width / shape;
      const worth = width * height * (1 - 0.2 * i);
      if (worth > bestWorth) {
        bestWorth = worth;
        best = { columns, rows, width: Math.floor(width), height: Math.floor(height) };
      }
    }
  }
  return best;
}

const smallest = { phone: 150, desktop: 176 } as const; // px wide: a face is still a face

/** How many tiles fit on one page, at least one and at most what is subscribed. */
export function pageSize(
  boxWidth: number,
  boxHeight: number,
  gap: number,
  phone: boolean,
  slots: number,
): number {
  const least = phone ? smallest.phone : smallest.desktop;
  const shape = phone ? 4 / 3 : 16 / 9;
  const columns = Math.max(1, Math.floor((boxWidth + gap) / (least + gap)));
  const rows = Math.max(1, Math.floor((boxHeight + gap) / (least / shape + gap)));
  return Math.max(1, Math.min(columns * rows, slots));
}

/** Who is on page `page` (from 0); a page beyond the end is the last one. */
export function pageOf<T>(
  all: readonly T[],
  size: number,
  page: number,
): { shown: readonly T[]; page: number; pages: number } {
  const pages = Math.max(1, Math.ceil(all.length / size));
  const real = Math.min(Math.max(0, page), pages - 1);
  return { shown: all.slice(real * size, (real + 1) * size), page: real, pages };
}

/** Who is on the stage: the pinned one, whom the server shows, who speaks, a teacher, anybody. */
export function onStage(
  pinned: string,
  occupant: string,
  active: string,
  present: readonly { readonly id: string; readonly staff: boolean }[],
): string {
  const here = (id: string) => present.some((one) => one.id === id);
  const found = [pinned, occupant, active].find((id) => id !== '' && here(id));
  return found ?? present.find((one) => one.staff)?.id ?? present[0]?.id ?? '';
}

/** The height of picture, in device pixels, that fills a box. A 16:9 picture that covers a tall box must be taller. */
export function pictureHeight(
  width: number,
  height: number,
  fit: 'cover' | 'contain',
  ratio: number,
): number {
  if (width <= 0 || height <= 0) return 0;
  const byWidth = (width * 9) / 16;
  const needed = fit === 'cover' ? Math.max(height, byWidth) : Math.min(height, byWidth);
  return Math.round(needed * ratio);
}
