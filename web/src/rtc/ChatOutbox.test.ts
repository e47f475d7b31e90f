import { expect, it, vi } from 'vitest';
import type { ChatMessage } from '@/protocol/generated.ts';
import { ChatOutbox } from './ChatOutbox.ts';
import { RequestError } from './errors.ts';
import { RoomStore } from './RoomStore.ts';
import { welcomed } from './reduce.ts';
import { emptyRoom } from './roomState.ts';
import { at, welcome } from './testing.ts';

type Request = ConstructorParameters<typeof ChatOutbox>[1];

function set() {
  const store = new RoomStore();
  store.update(() => welcomed(emptyRoom, welcome()));
  const request = vi.fn();
  return { store, request, chat: new ChatOutbox(store, request as unknown as Request) };
}

function stored(clientId: string, text: string): ChatMessage {
  return { id: `id-${clientId}`, clientId, from: 'me', name: 'Me', text, sentAt: at };
}

it('shows a message at once and keeps it until the database has it', async () => {
  const { store, request, chat } = set();
  request.mockImplementation((_, d: { clientId: string; text: string }) =>
    Promise.resolve(stored(d.clientId, d.text)),
  );
  chat.send('hi');
  expect(store.get().chat.outbox).toMatchObject([{ text: 'hi', state: 'pending' }]);
  await vi.waitFor(() => expect(store.get().chat.outbox).toEqual([]));
  expect(store.get().chat.messages.map((one) => one.text)).toEqual(['hi']);
});

it('says when it failed, and sends the same one again', async () => {
  const { store, request, chat } = set();
  request.mockRejectedValueOnce(new RequestError('unavailable', ''));
  chat.send('hi');
  await vi.waitFor(() => expect(store.get().chat.outbox[0]?.state).toBe('failed'));
  const clientId = store.get().chat.outbox[0]?.clientId ?? '';
  request.mockResolvedValueOnce(stored(clientId, 'hi'));
  chat.retry(clientId);
  await vi.waitFor(() => expect(store.get().chat.outbox).toEqual([]));
  expect(request.mock.calls.map(([, d]) => (d as { clientId: string }).clientId)).toEqual([
    clientId,
    clientId,
  ]);
});

it('goes again by itself after a reconnect', async () => {
  const { store, request, chat } = set();
  request.mockRejectedValueOnce(new RequestError('lost', ''));
  chat.send('hi');
  await vi.waitFor(() => expect(request).toHaveBeenCalledOnce());
  await Promise.resolve();
  expect(store.get().chat.outbox[0]?.state).toBe('pending');
  request.mockImplementation((_, d: { clientId: string; text: string }) =>
    Promise.resolve(stored(d.clientId, d.text)),
  );
  await chat.flush();
  expect(store.get().chat.outbox).toEqual([]);
});

it('reads back what was said before', async () => {
  const { store, request, chat } = set();
  request.mockResolvedValueOnce({ messages: [stored('old', 'old')], more: false });
  await expect(chat.readOlder()).resolves.toBe(true);
  expect(store.get().chat).toMatchObject({ more: false, unread: 0 });
});
