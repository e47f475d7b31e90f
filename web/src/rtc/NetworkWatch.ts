import { browserClock, type Clock } from './timers.ts';

const lookEvery = 250; // ms between two looks at the counters
const silence = 500; // ms without a packet that people in slots should have sent
const suspicion = 10_000; // ms after a change of the network in which one silent person is enough
const shortestPause = 5_000; // ms between two alarms, doubling while they do not help
const longestPause = 60_000;

interface Options {
  /** The connection to watch while it is connected. */
  readonly connection: () => Pick<RTCPeerConnection, 'getStats'> | undefined;
  /** How many people ought to be heard or seen now. */
  readonly talkers: () => number;
  /** Nothing comes any more: look for another way. */
  readonly silent: () => void;
  readonly clock?: Clock;
}

/**
 * Notices that media has stopped long before ICE does. One silent person may have lost their own network, and a class of
 * hundreds must not look for other ways because of that: so it takes two, or one after this browser's network changed.
 */
export class NetworkWatch {
  readonly #options: Options;
  readonly #clock: Clock;
  #cancel = () => {};
  #packets = 0;
  #heardAt = 0; // 0: nothing yet on this connection
  #watched: unknown;
  #suspectUntil = 0;
  #quietUntil = 0;
  #pause = shortestPause;
  #closed = false;
  readonly #changed = () => {
    this.#suspectUntil = this.#clock.now() + suspicion;
    this.#quietUntil = 0;
  };

  constructor(options: Options) {
    this.#options = options;
    this.#clock = options.clock ?? browserClock;
  }

  /** Begins; call once. */
  start(): void {
    window.addEventListener('online', this.#changed);
    network()?.addEventListener('change', this.#changed);
    this.#next();
  }

  /** Ends for good. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#cancel();
    window.removeEventListener('online', this.#changed);
    network()?.removeEventListener('change', this.#changed);
  }

  /** One look; public for tests. */
  async look(): Promise<void> {
    const connection = this.#options.connection();
    if (connection !== this.#watched) {
      this.#watched = connection;
      this.#packets = 0;
      this.#heardAt = 0;
    }
    if (!connection) return;
    const packets = await received(connection);
    const now = this.#clock.now();
    if (packets > this.#packets) {
      this.#packets = packets;
      this.#heardAt = now;
      if (now > this.#quietUntil) this.#pause = shortestPause;
      return;
    }
    const talkers = this.#options.talkers();
    if (talkers === 0) this.#heardAt &&= now;
    const enough = talkers > 1 || (talkers === 1 && now < this.#suspectUntil);
    if (!enough || this.#heardAt === 0 || now - this.#heardAt < silence || now < this.#quietUntil) return;
    this.#quietUntil = now + this.#pause;
    this.#pause = Math.min(2 * this.#pause, longestPause);
    this.#heardAt = 0;
    this.#options.silent();
  }

  #next(): void {
    this.#cancel = this.#clock.after(lookEvery, () => {
      void this.look()
        .catch(() => {}) // a connection that closes under our eyes
        .finally(() => {
          if (!this.#closed) this.#next();
        });
    });
  }
}

/** RTP packets that came, of all slots. */
async function received(connection: Pick<RTCPeerConnection, 'getStats'>): Promise<number> {
  let sum = 0;
  for (const stat of (await connection.getStats()).values() as Iterable<RTCInboundRtpStreamStats>) {
    if (stat.type === 'inbound-rtp') sum += stat.packetsReceived ?? 0;
  }
  return sum;
}

/** What Chromium tells of the network; other browsers have none. */
function network(): EventTarget | undefined {
  return (navigator as Navigator & { readonly connection?: EventTarget }).connection;
}
