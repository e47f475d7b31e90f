import { pageSize } from '@/rtc/layout.ts';

export interface TileSize {
  readonly width: number;
  readonly height: number;
}

/** How the main area is divided. `seats` is how many of the others are seen at once beside the stage or on a page. */
export type Plan =
  | { readonly kind: 'alone' }
  | { readonly kind: 'grid'; readonly seats: number }
  | {
      readonly kind: 'stage';
      readonly main: 'speaker' | 'share';
      /** corner: one other only, and me in the corner of their picture. */
      readonly strip: 'column' | 'pair' | 'row' | 'corner';
      readonly tile: TileSize;
      readonly seats: number;
    };

interface Given {
  readonly width: number;
  readonly height: number;
  readonly others: number;
  readonly share: boolean;
  readonly pinned: boolean;
  readonly layout: 'speaker' | 'grid';
  /** Tile slots of the subscribe transport. */
  readonly slots: number;
  readonly phone: boolean;
}

export const gap = 8; // px between tiles

const column: TileSize = { width: 208, height: 117 };
const row: TileSize = { width: 176, height: 99 };
const pair: TileSize = { width: 148, height: 83 }; // two columns, for a class
const low: TileSize = { width: 120, height: 68 }; // a phone held sideways
const phoneRow: TileSize = { width: 80, height: 60 };

function fitting(length: number, side: number): number {
  return Math.floor((length + gap) / (side + gap));
}

export function plan(given: Given): Plan {
  const { width, height, others, share, pinned, layout, slots, phone } = given;
  if (others === 0) return { kind: 'alone' };
  if (layout === 'grid' && !share && !pinned) {
    // My own picture sits among the others and takes no slot.
    return { kind: 'grid', seats: Math.max(1, pageSize(width, height, gap, phone, slots + 1) - 1) };
  }
  const main = share && !pinned ? 'share' : 'speaker';
  if (others === 1 && main === 'speaker') {
    return { kind: 'stage', main, strip: 'corner', tile: column, seats: 1 };
  }
  const beside = width > 720 && width > height * 1.1;
  // The others without the one on the stage, and me.
  const wanted = others + (main === 'speaker' ? 0 : 1);
  const single = height < 400 ? low : column;
  const one = fitting(height, single.height);
  const strip = !beside ? 'row' : wanted > one && width >= 1000 ? 'pair' : 'column';
  const tile = strip === 'row' ? (phone || width < 560 ? phoneRow : row) : strip === 'pair' ? pair : single;
  const fits =
    strip === 'row' ? fitting(width, tile.width) : strip === 'pair' ? 2 * fitting(height, tile.height) : one;
  return { kind: 'stage', main, strip, tile, seats: Math.max(1, Math.min(fits - 1, slots)) };
}
