import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { ServerEvent, Welcome } from '@/protocol/generated.ts';
import { type Closed, type Probe, SignalClient } from './SignalClient.ts';
import { at, FakeSocket, HandClock, person, welcome } from './testing.ts';

let clock: HandClock;
let sockets: FakeSocket[];
const handlers = {
  welcome: vi.fn<(w: Welcome) => void>(),
  event: vi.fn<(e: ServerEvent) => void>(),
  lost: vi.fn<() => void>(),
  closed: vi.fn<(why: Closed) => void>(),
};

function client(probe?: () => Promise<Probe>) {
  return new SignalClient(
    {
      url: 'wss://school/ws',
      build: '1',
      device: 'tab',
      capabilities: { decode: [], encode: [] },
      handlers,
      clock,
      chance: () => 1,
      ...(probe ? { probe } : {}),
      open: (_, protocol) => {
        expect(protocol).toBe('zvonok.v1');
        const socket = new FakeSocket();
        sockets.push(socket);
        return socket as unknown as WebSocket;
      },
    },
    true,
  );
}

function latest(): FakeSocket {
  const socket = sockets.at(-1);
  if (!socket) throw new Error('no socket');
  return socket;
}

/** A client that is inside. */
function inside() {
  const signal = client();
  signal.connect();
  latest().onopen();
  latest().answer('hello', welcome());
  return signal;
}

beforeEach(() => {
  clock = new HandClock();
  sockets = [];
  for (const handler of Object.values(handlers)) handler.mockReset();
});

describe('joining', () => {
  it('says hello first and hands over the welcome', () => {
    inside();
    expect(latest().sent[0]).toMatchObject({ t: 'hello', d: { protocol: 1, device: 'tab', takeOver: true } });
    expect(latest().sent[0]?.d).not.toHaveProperty('resume');
    expect(handlers.welcome).toHaveBeenCalledOnce();
  });

  it.each(['old_client', 'elsewhere', 'removed', 'ended', 'not_allowed'])('gives up on %s', async (code) => {
    client().connect();
    latest().onopen();
    latest().refuse('hello', code);
    await vi.waitFor(() => expect(handlers.closed).toHaveBeenCalledOnce());
    expect(handlers.closed.mock.calls[0]?.[0]).toMatchObject({ kind: 'refused', problem: { kind: code } });
    clock.pass(60_000);
    expect(sockets).toHaveLength(1);
  });

  it('tries again when the server is not ready', async () => {
    client().connect();
    latest().onopen();
    latest().refuse('hello', 'unavailable');
    await vi.waitFor(() => expect(latest().closed).toBe(true));
    clock.pass(400);
    expect(sockets).toHaveLength(2);
  });

  it.each(['signed_out', 'removed', 'ended'] as const)(
    'learns by another way that a socket is refused for good: %s',
    async (reason) => {
      client(async () => reason).connect();
      latest().close();
      await vi.waitFor(() => expect(handlers.closed).toHaveBeenCalledOnce());
      expect(handlers.closed).toHaveBeenCalledWith({ kind: 'bye', reason });
      clock.pass(60_000);
      expect(sockets).toHaveLength(1);
    },
  );

  it('does not wait for ever for a socket to open', () => {
    client().connect();
    clock.pass(8_400);
    expect(sockets).toHaveLength(2);
  });
});

describe('requests', () => {
  it('resolve with the checked answer', async () => {
    const answer = inside().request('publish', { sdp: 'offer' });
    latest().answer('publish', { sdp: 'answer', more: 1 });
    await expect(answer).resolves.toEqual({ sdp: 'answer' });
  });

  it('reject with the code of the server', async () => {
    const answer = inside().request('hand', { up: true });
    latest().refuse('hand', 'not_allowed');
    await expect(answer).rejects.toMatchObject({ kind: 'not_allowed' });
  });

  it('have a deadline', async () => {
    const answer = inside().request('hand', { up: true });
    const outcome = expect(answer).rejects.toMatchObject({ kind: 'late' });
    // The socket lives: pings are answered.
    for (let i = 0; i < 10; i += 1) {
      clock.pass(1_000);
      latest().receive({ t: 'ok', re: 9_999, d: {} });
    }
    await outcome;
    expect(sockets).toHaveLength(1);
  });

  it('reject when the socket goes, and while there is none', async () => {
    const signal = inside();
    const answer = signal.request('hand', { up: true });
    latest().close();
    await expect(answer).rejects.toMatchObject({ kind: 'lost' });
    await expect(signal.request('hand', { up: true })).rejects.toMatchObject({ kind: 'lost' });
  });
});

describe('events', () => {
  const left = (n: number) => ({ t: 'participant_left', n, d: { id: 'a', reason: 'left' } });

  it('come in order and never twice', () => {
    inside();
    for (const n of [1, 2, 2, 1, 3]) latest().receive(left(n));
    expect(handlers.event.mock.calls.map(([event]) => event.n)).toEqual([1, 2, 3]);
  });

  it('of a newer server are no harm', () => {
    inside();
    latest().receive({ t: 'fireworks', n: 1, d: {} });
    expect(latest().closed).toBe(false);
  });

  it('in a wrong shape mean starting over without resuming', () => {
    inside();
    latest().receive({ t: 'participant', n: 1, d: { id: 7 } });
    clock.pass(400);
    latest().onopen();
    expect(latest().last('hello').d).not.toHaveProperty('resume');
  });
});

describe('reconnecting', () => {
  it('resumes after the last event that arrived', () => {
    inside();
    latest().receive({ t: 'participant', n: 1, d: person('a', { joinedAt: at }) });
    latest().close();
    expect(handlers.lost).toHaveBeenCalledOnce();
    clock.pass(300);
    latest().onopen();
    expect(latest().last('hello').d).toMatchObject({ takeOver: false, resume: { token: 'T1', last: 1 } });
    latest().answer('hello', welcome({ resumed: true, token: 'T2', last: 0 }));
    latest().receive({ t: 'participant_left', n: 2, d: { id: 'a', reason: 'left' } });
    expect(handlers.event.mock.calls.map(([event]) => event.n)).toEqual([1, 2]);
  });

  it('counts from the snapshot after a server that has forgotten', () => {
    inside();
    latest().receive({ t: 'participant', n: 1, d: person('a') });
    latest().close();
    clock.pass(300);
    latest().onopen();
    latest().answer('hello', welcome({ last: 0 }));
    latest().receive({ t: 'participant', n: 1, d: person('b') });
    expect(handlers.event).toHaveBeenCalledTimes(2);
  });

  it('waits longer and longer, never more than 5 s', () => {
    inside();
    const gaps: number[] = [];
    for (let i = 0; i < 7; i += 1) {
      const before = clock.now();
      const count = sockets.length;
      latest().close();
      while (sockets.length === count) clock.pass(50);
      gaps.push(clock.now() - before);
    }
    expect(gaps).toEqual([300, 600, 1200, 2400, 4800, 5000, 5000]);
  });

  it('does not wait when the network comes back', () => {
    const signal = inside();
    latest().close();
    signal.nudge();
    expect(sockets).toHaveLength(2);
    clock.pass(1_000);
    expect(sockets).toHaveLength(2);
  });

  it('notices a socket that is dead without having closed', () => {
    inside();
    clock.pass(8_000);
    expect(latest().last('ping')).toBeDefined();
    clock.pass(4_000);
    expect(handlers.lost).toHaveBeenCalledOnce();
    clock.pass(300);
    expect(sockets).toHaveLength(2);
  });

  it('comes back when the server restarts', () => {
    inside();
    latest().receive({ t: 'bye', n: 0, d: { reason: 'upgraded' } });
    clock.pass(300);
    expect(sockets).toHaveLength(2);
    expect(handlers.closed).not.toHaveBeenCalled();
  });
});

describe('the end', () => {
  it.each(['removed', 'ended', 'replaced', 'signed_out'] as const)('by bye %s is final', (reason) => {
    inside();
    latest().receive({ t: 'bye', n: 0, d: { reason } });
    expect(handlers.closed).toHaveBeenCalledWith({ kind: 'bye', reason });
    clock.pass(60_000);
    expect(sockets).toHaveLength(1);
  });

  it('by leaving is said to the server and silent here', () => {
    inside().close();
    expect(latest().last('leave')).toBeDefined();
    expect(latest().closed).toBe(true);
    clock.pass(60_000);
    expect(sockets).toHaveLength(1);
    expect(handlers.closed).not.toHaveBeenCalled();
    expect(handlers.lost).not.toHaveBeenCalled();
  });
});
