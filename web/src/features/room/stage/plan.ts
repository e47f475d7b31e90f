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
      readonly strip: 'column' | 'row' | 'corner';
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
const phoneRow: TileSize = { width: 108, height: 81 };

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
  const tile = beside ? column : phone || width < 560 ? phoneRow : row;
  const fits = beside
    ? Math.floor((height + gap) / (tile.height + gap))
    : Math.floor((width + gap) / (tile.width + gap));
  const seats = Math.max(1, Math.min(fits - 1, slots));
  return { kind: 'stage', main, strip: beside ? 'column' : 'row', tile, seats };
}
