import type { SetView } from '@/protocol/generated.ts';
import { pictureHeight } from './layout.ts';
import { browserClock, type Clock } from './timers.ts';

/** What a box on the screen shows. */
export type Shown =
  | { readonly kind: 'stage'; readonly participant: string }
  | { readonly kind: 'share' }
  | { readonly kind: 'tile'; readonly participant: string };

interface Box {
  readonly shown: Shown;
  readonly fit: 'cover' | 'contain';
  width: number;
  height: number;
}

const settle = 120; // ms: a window being dragged asks for one layer, not for thirty

/**
 * Tells the server what is on the screen and how large, so that the layer follows the tile. The first change is told
 * at once, those within the next 120 ms together.
 */
export class ViewTracker {
  readonly #send: (view: SetView) => void;
  readonly #clock: Clock;
  readonly #boxes = new Map<Element, Box>();
  readonly #observer: ResizeObserver;
  #pinned = '';
  #occupant = '';
  #told = '';
  #dirty = false;
  #cancel: (() => void) | undefined;
  #closed = false;

  constructor(send: (view: SetView) => void, clock: Clock = browserClock) {
    this.#send = send;
    this.#clock = clock;
    this.#observer = new ResizeObserver((entries) => {
      for (const entry of entries) {
        const box = this.#boxes.get(entry.target);
        if (!box) continue;
        box.width = entry.contentRect.width;
        box.height = entry.contentRect.height;
      }
      this.#changed();
    });
  }

  /** Watches an element for as long as it shows something; the answer ends it. */
  observe(element: Element, shown: Shown, fit: 'cover' | 'contain'): () => void {
    const { width, height } = element.getBoundingClientRect();
    this.#boxes.set(element, { shown, fit, width, height });
    this.#observer.observe(element);
    this.#changed();
    return () => {
      this.#boxes.delete(element);
      this.#observer.unobserve(element);
      this.#changed();
    };
  }

  /** Whom I pinned (empty: the server follows the speaker), and whom its stage slot holds. */
  stage(pinned: string, occupant: string): void {
    if (this.#pinned === pinned && this.#occupant === occupant) return;
    this.#pinned = pinned;
    this.#occupant = occupant;
    this.#changed();
  }

  /** Tells everything again: the server has forgotten. */
  repeat(): void {
    this.#told = '';
    this.#changed();
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#observer.disconnect();
    this.#boxes.clear();
  }

  /** What is on the screen now. */
  view(): SetView {
    const ratio = globalThis.devicePixelRatio || 1;
    const tiles = new Map<string, number>();
    let stageHeight = 0;
    let shareHeight = 0;
    for (const { shown, fit, width, height } of this.#boxes.values()) {
      const needed = pictureHeight(width, height, fit, ratio);
      if (shown.kind === 'share') shareHeight = Math.max(shareHeight, needed);
      else if (shown.kind === 'stage' && this.#carriedByStage(shown.participant)) {
        stageHeight = Math.max(stageHeight, needed);
      } else tiles.set(shown.participant, Math.max(tiles.get(shown.participant) ?? 0, needed));
      // Asked for even while a tile fills in: the slot can only move here when it may show something.
      if (shown.kind === 'stage') stageHeight = Math.max(stageHeight, needed);
    }
    const wanted = [...tiles].filter(([, height]) => height > 0);
    return {
      stage: this.#pinned,
      stageHeight,
      shareHeight,
      tiles: wanted.map(([participant, height]) => ({ participant, height })),
    };
  }

  #carriedByStage(participant: string): boolean {
    return this.#pinned === participant || this.#occupant === participant;
  }

  #changed(): void {
    this.#dirty = true;
    if (this.#cancel) return;
    // In a microtask, since a layout mounts many boxes at once.
    queueMicrotask(() => this.#tell());
    this.#cancel = this.#clock.after(settle, () => {
      this.#cancel = undefined;
      this.#tell();
    });
  }

  #tell(): void {
    if (!this.#dirty || this.#closed) return;
    this.#dirty = false;
    const view = this.view();
    const text = JSON.stringify(view);
    if (text === this.#told) return;
    this.#told = text;
    this.#send(view);
  }
}
