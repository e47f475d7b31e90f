import type { ChatMessage } from '@/protocol/generated.ts';

/** A message of mine that the database has not confirmed yet. */
export interface Outgoing {
  readonly clientId: string;
  readonly text: string;
  readonly writtenAt: number; // ms since 1970
  readonly state: 'pending' | 'failed';
}

export interface ChatState {
  /** Oldest first. */
  readonly messages: readonly ChatMessage[];
  readonly outbox: readonly Outgoing[];
  /** There are older ones to read. */
  readonly more: boolean;
  readonly unread: number;
  /** Whether the panel is on the screen: what arrives then is read. */
  readonly open: boolean;
}

/** Adds messages that may be known already, keeping the order of sending; confirms those of mine. */
export function merge(chat: ChatState, incoming: readonly ChatMessage[], self: string): ChatState {
  const known = new Set(chat.messages.map((one) => one.id));
  const fresh = incoming.filter((one) => !known.has(one.id));
  if (fresh.length === 0 && incoming.length > 0) return confirm(chat, incoming);
  const messages = [...chat.messages, ...fresh].sort((a, b) => Date.parse(a.sentAt) - Date.parse(b.sentAt));
  const foreign = fresh.filter((one) => one.from !== self).length;
  return confirm({ ...chat, messages, unread: chat.open ? 0 : chat.unread + foreign }, incoming);
}

function confirm(chat: ChatState, stored: readonly ChatMessage[]): ChatState {
  const done = new Set(stored.map((one) => one.clientId));
  if (!chat.outbox.some((one) => done.has(one.clientId))) return chat;
  return { ...chat, outbox: chat.outbox.filter((one) => !done.has(one.clientId)) };
}

/** Older messages, read back on demand: never unread. */
export function prepend(chat: ChatState, older: readonly ChatMessage[], more: boolean): ChatState {
  const unread = chat.unread;
  return { ...merge(chat, older, ''), unread, more };
}

/** Puts a message into the outbox, or back to pending when it is there. */
export function queue(chat: ChatState, message: Omit<Outgoing, 'state'>): ChatState {
  const rest = chat.outbox.filter((one) => one.clientId !== message.clientId);
  return { ...chat, outbox: [...rest, { ...message, state: 'pending' }] };
}

export function fail(chat: ChatState, clientId: string): ChatState {
  return {
    ...chat,
    outbox: chat.outbox.map((one) => (one.clientId === clientId ? { ...one, state: 'failed' } : one)),
  };
}
