import { describe, expect, it, vi } from 'vitest';
import type { ServerEvent } from '@/protocol/generated.ts';
import { RoomStore } from './RoomStore.ts';
import { happened, welcomed, withOwn } from './reduce.ts';
import { emptyRoom, me, others, type Room, raisedHands, sharer } from './roomState.ts';
import { at, person, welcome } from './testing.ts';

const room = welcomed(emptyRoom, welcome());

function following(start: Room, ...events: readonly Omit<ServerEvent, 'n'>[]): Room {
  return events.reduce((now, event, i) => happened(now, { ...event, n: i + 1 } as ServerEvent), start);
}

const kinds = (now: Room) => now.notices.map((one) => one.notice.kind);

describe('a welcome', () => {
  it.each(['waiting', 'live', 'ended'] as const)('into a room that is %s', (state) => {
    expect(welcomed(emptyRoom, welcome({ room: { state } })).connection).toEqual({ state });
  });

  it('after a resume keeps everything and connects again', () => {
    const lost: Room = { ...room, connection: { state: 'reconnecting' } };
    const now = welcomed(lost, welcome({ resumed: true, people: [], chat: [] }));
    expect(now.connection.state).toBe('live');
    expect(now.people).toBe(room.people);
  });

  it('after the server forgot keeps what is mine', () => {
    const mine = withOwn(room, 'microphone', { state: 'on' });
    const slot = {
      slot: 7,
      participant: 'anna',
      source: 'camera',
      undecodable: false,
      paused: false,
    } as const;
    const now = welcomed(following(mine, { t: 'slots', d: { slots: [slot] } }), welcome());
    expect(now.own.microphone.state).toBe('on');
    expect(now.slots).toEqual({});
  });

  it('knows me from the others', () => {
    expect(me(room)?.id).toBe('me');
    expect(others(room).map((one) => one.id)).toEqual(['anna']);
  });
});

describe('people', () => {
  it('come, change and go, and that is told', () => {
    const late = person('late', { joinedAt: '2026-09-01T09:00:00Z' });
    const now = following(
      room,
      { t: 'participant', d: late },
      { t: 'participant', d: { ...late, handAt: at } },
      { t: 'participant', d: { ...late, handAt: at, sources: ['share'] } },
    );
    expect(now.people.map((one) => one.id)).toEqual(['me', 'anna', 'late']);
    expect(sharer(now)?.id).toBe('late');
    expect(raisedHands(now).map((one) => one.id)).toEqual(['late']);
    const gone = following(now, { t: 'participant_left', d: { id: 'late', reason: 'removed' } });
    expect(kinds(gone)).toEqual(['joined', 'hand', 'sharing', 'removed']);
    expect(sharer(gone)).toBeUndefined();
  });

  it('I myself am no news', () => {
    expect(kinds(following(room, { t: 'participant', d: person('me', { handAt: at }) }))).toEqual([]);
  });

  it('raise hands in order', () => {
    const hands = following(
      room,
      { t: 'participant', d: person('b', { handAt: '2026-09-01T08:45:02Z' }) },
      { t: 'participant', d: person('a', { handAt: '2026-09-01T08:45:09Z' }) },
    );
    expect(raisedHands(hands).map((one) => one.id)).toEqual(['b', 'a']);
  });
});

describe('slots', () => {
  const camera = { source: 'camera', undecodable: false, paused: false } as const;

  it('remember their occupant until they are free', () => {
    const filled = following(room, {
      t: 'slots',
      d: {
        slots: [
          { slot: 0, participant: 'anna', ...camera },
          { slot: 7, participant: 'b', ...camera },
        ],
      },
    });
    const freed = following(filled, { t: 'slots', d: { slots: [{ slot: 7, participant: '', ...camera }] } });
    expect(Object.keys(freed.slots)).toEqual(['0']);
    expect(freed.slots[0]).toBe(filled.slots[0]); // others are not drawn again
  });
});

describe('the room', () => {
  it('begins when the teacher comes and ends', () => {
    const waiting = welcomed(emptyRoom, welcome({ room: { state: 'waiting' } }));
    const live = following(waiting, { t: 'room', d: { state: 'live' } });
    expect(live.connection.state).toBe('live');
    expect(following(live, { t: 'room', d: { state: 'ended' } }).connection.state).toBe('ended');
  });

  it('says when it will end by itself', () => {
    expect(following(room, { t: 'room', d: { state: 'live', endsAt: at } }).phase.endsAt).toBe(at);
  });
});

describe('muted by a teacher', () => {
  it('closes the source and says by whom', () => {
    const now = following(withOwn(room, 'microphone', { state: 'on' }), {
      t: 'muted',
      d: { source: 'microphone', by: 'Anna' },
    });
    expect(now.own.microphone.state).toBe('off');
    expect(now.notices.at(-1)?.notice).toEqual({ kind: 'muted', source: 'microphone', by: 'Anna' });
  });
});

describe('chat', () => {
  const line = (id: string, from: string, second: number) => ({
    id,
    clientId: `c-${id}`,
    from,
    name: from,
    text: id,
    sentAt: `2026-09-01T08:31:${String(second).padStart(2, '0')}Z`,
  });

  it('keeps the order of sending, and each message once', () => {
    const now = following(
      room,
      { t: 'chat', d: line('2', 'anna', 2) },
      { t: 'chat', d: line('1', 'anna', 1) },
      { t: 'chat', d: line('2', 'anna', 2) },
    );
    expect(now.chat.messages.map((one) => one.id)).toEqual(['1', '2']);
    expect(now.chat.unread).toBe(2);
  });

  it('confirms my own and does not count it as unread', () => {
    const written = { clientId: 'c-1', text: 'hi', writtenAt: 0, state: 'pending' } as const;
    const now = following(
      { ...room, chat: { ...room.chat, outbox: [written] } },
      { t: 'chat', d: line('1', 'me', 1) },
    );
    expect(now.chat.outbox).toEqual([]);
    expect(now.chat.unread).toBe(0);
  });

  it('is read while it is open', () => {
    const open = { ...room, chat: { ...room.chat, open: true } };
    expect(following(open, { t: 'chat', d: line('1', 'anna', 1) }).chat.unread).toBe(0);
  });

  it('catches up after the server forgot', () => {
    const before = following(room, { t: 'chat', d: line('1', 'anna', 1) });
    const now = welcomed(before, welcome({ chat: [line('1', 'anna', 1), line('2', 'anna', 2)] }));
    expect(now.chat.messages.map((one) => one.id)).toEqual(['1', '2']);
    expect(now.chat.unread).toBe(2);
  });
});

describe('RoomStore', () => {
  it('tells its listeners of changes only, and not after they went', () => {
    const store = new RoomStore();
    const listener = vi.fn();
    const stop = store.subscribe(listener);
    store.update((now) => now);
    expect(listener).not.toHaveBeenCalled();
    store.update((now) => ({ ...now, soundBlocked: true }));
    stop();
    store.update((now) => ({ ...now, soundBlocked: false }));
    expect(listener).toHaveBeenCalledOnce();
  });
});
