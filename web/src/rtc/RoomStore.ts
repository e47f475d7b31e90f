import { emptyRoom, type Room } from './roomState.ts';

/**
 * Holds the room's state for whoever draws it. The state is replaced, never changed in place, so that a selector can
 * compare by identity.
 */
export class RoomStore {
  #room: Room = emptyRoom;
  readonly #listeners = new Set<() => void>();

  get(): Room {
    return this.#room;
  }

  /** Replaces the state and tells the listeners, unless it is the same. */
  update(change: (room: Room) => Room): void {
    const next = change(this.#room);
    if (next === this.#room) return;
    this.#room = next;
    for (const listener of [...this.#listeners]) listener();
  }

  /** The answer ends the subscription. */
  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };
}
