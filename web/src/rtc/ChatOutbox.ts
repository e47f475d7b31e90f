import type { Answers, RequestName, Requests } from '@/protocol/generated.ts';
import { type ChatState, fail, merge, prepend, queue } from './chatState.ts';
import { RequestError } from './errors.ts';
import type { RoomStore } from './RoomStore.ts';

type Request = <K extends RequestName>(t: K, d: Requests[K]) => Promise<Answers[K]>;

/**
 * Sends chat so that nothing is lost or doubled: a message has a number of its own, stays in the outbox until the
 * database has it, and goes again after a reconnect.
 */
export class ChatOutbox {
  readonly #store: RoomStore;
  readonly #request: Request;
  readonly #sending = new Set<string>();

  constructor(store: RoomStore, request: Request) {
    this.#store = store;
    this.#request = request;
  }

  send(text: string): void {
    const clientId = crypto.randomUUID();
    this.#chat((chat) => queue(chat, { clientId, text, writtenAt: Date.now() }));
    void this.#deliver(clientId);
  }

  retry(clientId: string): void {
    const failed = this.#store.get().chat.outbox.find((one) => one.clientId === clientId);
    if (!failed) return;
    this.#chat((chat) => queue(chat, failed));
    void this.#deliver(clientId);
  }

  /** Connected again: what waited goes now, in the order of writing. */
  async flush(): Promise<void> {
    for (const one of this.#store.get().chat.outbox) {
      if (one.state === 'pending') await this.#deliver(one.clientId);
    }
  }

  /** Reads the page before the oldest message; false when there was no answer. */
  async readOlder(): Promise<boolean> {
    const oldest = this.#store.get().chat.messages[0];
    try {
      const page = await this.#request('read_chat', oldest ? { before: oldest.sentAt } : {});
      this.#chat((chat) => prepend(chat, page.messages, page.more));
      return true;
    } catch {
      return false;
    }
  }

  /** The panel is on the screen, or not. */
  open(open: boolean): void {
    this.#chat((chat) => ({ ...chat, open, unread: open ? 0 : chat.unread }));
  }

  async #deliver(clientId: string): Promise<void> {
    const message = this.#store.get().chat.outbox.find((one) => one.clientId === clientId);
    if (!message || this.#sending.has(clientId)) return;
    this.#sending.add(clientId);
    try {
      const stored = await this.#request('chat', { clientId, text: message.text });
      const { self } = this.#store.get();
      this.#chat((chat) => merge(chat, [stored], self));
    } catch (failure) {
      const waits = failure instanceof RequestError && failure.kind === 'lost';
      if (!waits) this.#chat((chat) => fail(chat, clientId));
    } finally {
      this.#sending.delete(clientId);
    }
  }

  #chat(change: (chat: ChatState) => ChatState): void {
    this.#store.update((room) => ({ ...room, chat: change(room.chat) }));
  }
}
