// What the tests of the media client share: a clock turned by hand, a socket without a network, a welcome.
import type { Participant, Welcome } from '@/protocol/generated.ts';
import type { Clock } from './timers.ts';

export class HandClock implements Clock {
  #now = 0;
  #timers: { at: number; run: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer);
    };
  }

  /** Lets time pass, running what falls due in order. */
  pass(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = this.#timers.filter((one) => one.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.#timers = this.#timers.filter((one) => one !== due);
      this.#now = due.at;
      due.run();
    }
    this.#now = end;
  }
}

interface Sent {
  readonly t: string;
  readonly id: number;
  readonly d: Record<string, unknown>;
}

export class FakeSocket {
  onopen: () => void = () => {};
  onmessage: (message: { data: unknown }) => void = () => {};
  onclose: () => void = () => {};
  readonly sent: Sent[] = [];
  closed = false;

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Sent);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.onclose();
  }

  receive(frame: unknown): void {
    this.onmessage({ data: JSON.stringify(frame) });
  }

  /** Answers the latest request of a type. */
  answer(t: string, d: unknown): void {
    this.receive({ t: 'ok', re: this.last(t).id, d });
  }

  refuse(t: string, code: string): void {
    this.receive({ t: 'error', re: this.last(t).id, d: { code, detail: 'test' } });
  }

  last(t: string): Sent {
    const found = this.sent.findLast((one) => one.t === t);
    if (!found) throw new Error(`no ${t} was sent`);
    return found;
  }
}

export const at = '2026-09-01T08:30:00Z';

export function person(id: string, change: Partial<Participant> = {}): Participant {
  return { id, name: `Name ${id}`, role: 'student', sources: [], away: false, joinedAt: at, ...change };
}

export function welcome(change: Partial<Welcome> = {}): Welcome {
  return {
    resumed: false,
    token: 'T1',
    last: 0,
    self: 'me',
    server: '1',
    lesson: { id: 'l', title: 'Vieta', className: '7B', teacher: 'Anna', recorded: true, startsAt: at },
    room: { state: 'live' },
    people: [person('me'), person('anna', { role: 'teacher' })],
    chat: [],
    recording: { state: 'off' },
    speakers: { active: '', speaking: [] },
    codec: 'h264',
    permissions: {
      speak: true,
      video: true,
      share: true,
      chat: true,
      moderate: false,
      record: false,
      end: false,
    },
    removed: [],
    ice: [],
    ...change,
  };
}
