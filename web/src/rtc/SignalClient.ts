import {
  type Answers,
  type Bye,
  type Capabilities,
  decodeAnswer,
  decodeServerMessage,
  ProtocolError,
  protocolVersion,
  type RequestName,
  type Requests,
  type ServerEvent,
  type ServerMessage,
  type Welcome,
} from '@/protocol/generated.ts';
import { RequestError } from './errors.ts';
import { Pending } from './pending.ts';
import { backoff, browserClock, type Clock } from './timers.ts';

export const subprotocol = 'zvonok.v1';

const answerWithin = 10_000; // ms for any request, the hello too
const openWithin = 8_000; // ms for the socket to open
const pingEvery = 8_000; // ms; also keeps middleboxes awake
const pongWithin = 4_000; // ms without any frame after a ping: the socket is dead
const steadyAfter = 10_000; // ms of a good connection until the waits start from short again

/** Why the client gave up: only the person can go on from here. */
export type Closed =
  | { readonly kind: 'bye'; readonly reason: Exclude<Bye['reason'], 'upgraded'> }
  | { readonly kind: 'refused'; readonly problem: RequestError };

/** What the socket cannot say when the server refuses the upgrade. */
export type Probe = 'ok' | 'signed_out' | 'not_allowed' | 'removed' | 'ended' | 'unreachable';

export interface SignalHandlers {
  /** Connected: with `resumed` the state stands and only the missed events follow. */
  welcome(welcome: Welcome): void;
  event(event: ServerEvent): void;
  /** The socket is gone; the client is trying again by itself. */
  lost(): void;
  closed(why: Closed): void;
}

export interface SignalOptions {
  readonly url: string;
  readonly build: string;
  readonly device: string;
  readonly capabilities: Capabilities;
  readonly handlers: SignalHandlers;
  readonly probe?: () => Promise<Probe>;
  readonly clock?: Clock;
  readonly open?: (url: string, protocol: string) => WebSocket;
  readonly chance?: () => number;
}

/**
 * One person's place in one room over as many WebSockets as it takes. It owns the socket, its timers and the requests
 * in flight; close() ends all of them.
 */
export class SignalClient {
  readonly #options: SignalOptions;
  readonly #clock: Clock;
  readonly #pending: Pending;
  #socket: WebSocket | undefined;
  #takeOver: boolean;
  #token = '';
  #last = 0;
  #ready = false;
  #stopped = false;
  #attempt = 0;
  #cancelRetry = () => {};
  #cancelPing = () => {};
  #cancelPong = () => {};
  #cancelSteady = () => {};

  constructor(options: SignalOptions, takeOver: boolean) {
    this.#options = options;
    this.#clock = options.clock ?? browserClock;
    this.#pending = new Pending(this.#clock, answerWithin);
    this.#takeOver = takeOver;
  }

  /** Opens the first socket; call once. */
  connect(): void {
    const open = this.#options.open ?? ((url: string, protocol: string) => new WebSocket(url, protocol));
    const socket = open(this.#options.url, subprotocol);
    this.#socket = socket;
    this.#cancelPong = this.#clock.after(openWithin, () => this.#abandon());
    let opened = false;
    const current = () => this.#socket === socket;
    socket.onopen = () => {
      opened = true;
      this.#cancelPong();
      if (current()) this.#hello(socket);
    };
    socket.onmessage = (message: MessageEvent<unknown>) => {
      if (current()) this.#receive(message.data);
    };
    socket.onclose = () => {
      if (current()) this.#dropped(opened);
    };
  }

  /** Sends a request; rejects with a RequestError when it is refused, late, or the socket is or gets lost. */
  request<K extends RequestName>(t: K, d: Requests[K]): Promise<Answers[K]> {
    if (!this.#ready) return Promise.reject(new RequestError('lost', `${t}: not connected`));
    return this.#send(t, d);
  }

  /** Tries at once instead of waiting, or makes sure that the socket is alive: the network or the tab came back. */
  nudge(): void {
    if (this.#stopped) return;
    if (this.#ready) this.#ping();
    else if (!this.#socket) {
      this.#cancelRetry();
      this.connect();
    }
  }

  /** Leaves; nothing is called back afterwards. Idempotent. */
  close(): void {
    if (this.#stopped) return;
    if (this.#ready) void this.#send('leave', {}).catch(() => {});
    this.#stop('left');
  }

  /** What the debug object shows. */
  get last(): number {
    return this.#last;
  }

  #hello(socket: WebSocket): void {
    const resume = this.#token ? { resume: { token: this.#token, last: this.#last } } : {};
    const hello = {
      protocol: protocolVersion,
      client: this.#options.build,
      device: this.#options.device,
      capabilities: this.#options.capabilities,
      takeOver: this.#takeOver,
      ...resume,
    };
    // Not awaited: the events that follow the welcome must find it handled, so it is handled where it is received.
    this.#send('hello', hello).catch((failure: unknown) => {
      if (this.#socket !== socket) return;
      const problem =
        failure instanceof RequestError ? failure : new RequestError('bad_message', String(failure));
      if (isFinal(problem)) this.#giveUp({ kind: 'refused', problem });
      else this.#abandon();
    });
  }

  #welcome(welcome: Welcome): void {
    this.#ready = true;
    this.#takeOver = false;
    this.#token = welcome.token;
    if (!welcome.resumed) this.#last = welcome.last;
    this.#cancelSteady = this.#clock.after(steadyAfter, () => {
      this.#attempt = 0;
    });
    this.#schedulePing();
    this.#options.handlers.welcome(welcome);
  }

  #send<K extends RequestName>(t: K, d: Requests[K]): Promise<Answers[K]> {
    const { id, answer } = this.#pending.add(t);
    this.#socket?.send(JSON.stringify({ t, id, d }));
    return answer;
  }

  #receive(data: unknown): void {
    this.#cancelPong();
    let message: ServerMessage;
    try {
      message = decodeServerMessage(JSON.parse(String(data)) as unknown);
    } catch (failure) {
      // A type of a newer server is no harm; a known type in a wrong shape means that our state may be wrong: start over.
      if (failure instanceof ProtocolError && failure.message.includes('unknown type')) return;
      this.#startOver();
      return;
    }
    if (message.t === 'ok') this.#answered(message.re, message.d);
    else if (message.t === 'error') {
      const { code, detail, retryAfter } = message.d;
      this.#pending.reject(message.re, new RequestError(code, detail, retryAfter));
    } else this.#happened(message);
  }

  #answered(re: number, d: unknown): void {
    const t = this.#pending.typeOf(re);
    if (!t) return;
    try {
      const answer = decodeAnswer(t, d);
      this.#pending.resolve(re, answer);
      if (t === 'hello') this.#welcome(answer as Welcome);
    } catch (failure) {
      if (!(failure instanceof ProtocolError)) throw failure;
      this.#startOver();
    }
  }

  #happened(event: ServerEvent): void {
    if (event.t === 'bye') {
      const { reason } = event.d;
      if (reason === 'upgraded') this.#abandon();
      else this.#giveUp({ kind: 'bye', reason });
      return;
    }
    if (event.n <= this.#last) return; // replayed twice
    this.#last = event.n;
    this.#options.handlers.event(event);
  }

  #startOver(): void {
    this.#token = '';
    this.#abandon();
  }

  #schedulePing(): void {
    this.#cancelPing();
    this.#cancelPing = this.#clock.after(pingEvery, () => this.#ping());
  }

  #ping(): void {
    this.#send('ping', {}).catch(() => {});
    this.#cancelPong();
    this.#cancelPong = this.#clock.after(pongWithin, () => this.#abandon());
    this.#schedulePing();
  }

  /** Ends a socket and tries again: a half-open one takes a minute to report its close, so that is not waited for. */
  #abandon(): void {
    const dead = this.#socket;
    this.#dropped(true);
    dead?.close();
  }

  #dropped(opened: boolean): void {
    const wasReady = this.#ready;
    this.#quiet('lost');
    if (this.#stopped) return;
    const wait = backoff(this.#attempt, this.#options.chance);
    this.#attempt += 1;
    this.#cancelRetry = this.#clock.after(wait, () => this.connect());
    if (wasReady || this.#attempt === 1) this.#options.handlers.lost();
    if (!opened) void this.#askWhy();
  }

  /** A refused upgrade looks like a dead server to a WebSocket; a plain request tells them apart. */
  async #askWhy(): Promise<void> {
    const answer = await this.#options.probe?.();
    if (this.#stopped || this.#ready) return;
    if (answer === 'signed_out' || answer === 'removed' || answer === 'ended') {
      this.#giveUp({ kind: 'bye', reason: answer });
    }
    if (answer === 'not_allowed') {
      this.#giveUp({
        kind: 'refused',
        problem: new RequestError('not_allowed', 'the lesson is not open to me'),
      });
    }
  }

  #quiet(reason: 'lost' | 'left'): void {
    this.#ready = false;
    this.#socket = undefined;
    this.#cancelRetry();
    this.#cancelPing();
    this.#cancelPong();
    this.#cancelSteady();
    this.#pending.rejectAll(new RequestError('lost', reason));
  }

  #stop(reason: 'lost' | 'left'): void {
    this.#stopped = true;
    const socket = this.#socket;
    this.#quiet(reason);
    socket?.close();
  }

  #giveUp(why: Closed): void {
    if (this.#stopped) return;
    this.#stop('left');
    this.#options.handlers.closed(why);
  }
}

/** Refusals of hello that will not change by asking again. */
function isFinal(problem: RequestError): boolean {
  switch (problem.kind) {
    case 'old_client':
    case 'elsewhere':
    case 'removed':
    case 'ended':
    case 'not_allowed':
    case 'bad_message':
    case 'bad_offer':
    case 'too_large':
      return true;
    case 'not_now':
    case 'too_fast':
    case 'unavailable':
    case 'lost':
    case 'late':
      return false;
    default:
      return false;
  }
}
