import { RequestError } from './errors.ts';
import type { Exchange } from './Publisher.ts';
import { backoff, browserClock, type Clock } from './timers.ts';

/** What Publisher and Subscriber have in common. */
export interface Transport {
  readonly connection: RTCPeerConnection;
  start(exchange: Exchange): Promise<void>;
  close(): void;
}

export type LegState = 'connecting' | 'connected' | 'failed';

interface Options<T extends Transport> {
  readonly make: () => T;
  readonly exchange: Exchange;
  /** A new transport has its answer; what it carries has to be set again. */
  readonly ready: (transport: T) => void;
  readonly state: (state: LegState) => void;
  readonly clock?: Clock;
}

const interruption = 4_000; // ms that ICE may be without answers before a new transport is worth more than waiting

/**
 * Keeps one of the two transports alive: when it fails it is closed and another made, each with one offer of its own.
 * ICE restarts are never negotiated, since a new transport costs one exchange as well and starts clean.
 */
export class Leg<T extends Transport> {
  readonly #options: Options<T>;
  readonly #clock: Clock;
  #transport: T | undefined;
  #attempt = 0;
  #closed = false;
  #cancelTimer = () => {};

  constructor(options: Options<T>) {
    this.#options = options;
    this.#clock = options.clock ?? browserClock;
  }

  get current(): T | undefined {
    return this.#transport;
  }

  get connected(): boolean {
    return this.#transport?.connection.connectionState === 'connected';
  }

  /** Drops what there is and begins anew, at once. */
  restart(): void {
    if (this.#closed) return;
    this.#cancelTimer();
    this.#transport?.close();
    const transport = this.#options.make();
    this.#transport = transport;
    this.#options.state('connecting');
    transport.connection.onconnectionstatechange = () => this.#changed(transport);
    transport.start(this.#options.exchange).then(
      () => {
        if (this.#transport === transport) this.#options.ready(transport);
      },
      (failure: unknown) => {
        if (this.#transport !== transport) return;
        // Without a socket nobody answers: the next welcome restarts us.
        if (!(failure instanceof RequestError && failure.kind === 'lost')) this.#failed();
      },
    );
  }

  /** Ends for good. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#cancelTimer();
    this.#transport?.close();
    this.#transport = undefined;
  }

  #changed(transport: T): void {
    if (this.#transport !== transport) return;
    this.#cancelTimer();
    switch (transport.connection.connectionState) {
      case 'connected':
        this.#attempt = 0;
        this.#options.state('connected');
        break;
      case 'disconnected':
        this.#options.state('connecting');
        this.#cancelTimer = this.#clock.after(interruption, () => this.restart());
        break;
      case 'failed':
        this.#failed();
        break;
      default:
        break; // new, connecting, closed by us
    }
  }

  #failed(): void {
    this.#options.state('failed');
    this.#cancelTimer();
    this.#cancelTimer = this.#clock.after(backoff(this.#attempt), () => this.restart());
    this.#attempt += 1;
  }
}
