import type { Occupant } from '@/protocol/generated.ts';

/**
 * window.__zvonok, for the browser tests and for looking into a live room; it can be read, not used to do anything.
 * negotiations counts createOffer and setRemoteDescription calls of this page; slots is the occupant of each m-line.
 */
interface Debug {
  readonly negotiations: number;
  readonly slots: Readonly<Record<number, Occupant>>;
  readonly lastEvent: number;
}

declare global {
  interface Window {
    readonly __zvonok?: Debug;
  }
}

let negotiations = 0;
let read: () => Omit<Debug, 'negotiations'> = () => ({ slots: {}, lastEvent: 0 });

/** Called beside each createOffer and setRemoteDescription. */
export function countNegotiation(): void {
  negotiations += 1;
}

/** Shows the state of the room that is open now. */
export function exposeDebug(source: () => Omit<Debug, 'negotiations'>): void {
  read = source;
  if (Object.hasOwn(window, '__zvonok')) return;
  const shown = {
    get negotiations() {
      return negotiations;
    },
    get slots() {
      return read().slots;
    },
    get lastEvent() {
      return read().lastEvent;
    },
  };
  Object.defineProperty(window, '__zvonok', { value: Object.freeze(shown) });
}
