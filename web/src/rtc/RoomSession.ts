import type {
  Answers,
  RequestName,
  Requests,
  ServerEvent,
  SetView,
  SourceName,
  Welcome,
} from '@/protocol/generated.ts';
import { assertNever } from './assertNever.ts';
import { ChatOutbox } from './ChatOutbox.ts';
import { browserCapabilities, hasWebRTC, isPhone, tileSlots, type VideoCodecName } from './capabilities.ts';
import { tabId } from './choices.ts';
import { exposeDebug } from './debug.ts';
import { RequestError } from './errors.ts';
import { Leg, type LegState } from './Leg.ts';
import type { LocalMedia } from './LocalMedia.ts';
import { NetworkWatch } from './NetworkWatch.ts';
import { OwnSources } from './OwnSources.ts';
import { Publisher } from './Publisher.ts';
import { RoomStore } from './RoomStore.ts';
import { happened, welcomed, withConnection, withNotice } from './reduce.ts';
import type { Connection, Notice } from './roomState.ts';
import { type Closed, type Probe, SignalClient } from './SignalClient.ts';
import { type SlotKind, Subscriber, slotKinds } from './Subscriber.ts';
import { ViewTracker } from './viewTracker.ts';

interface Options {
  readonly lesson: string;
  readonly media: LocalMedia;
  /** Of this client, as the server names builds. */
  readonly build: string;
  /** Asked when the server refuses the socket, to learn why. */
  readonly probe: () => Promise<Probe>;
}

/**
 * One stay in one lesson: socket, both transports, my sources, chat and the view. Made for one join; leave() ends
 * everything it started except the devices, which belong to LocalMedia.
 */
export class RoomSession {
  readonly store = new RoomStore();
  readonly chat: ChatOutbox;
  readonly view: ViewTracker;
  readonly sources: OwnSources;
  readonly kinds: readonly SlotKind[];
  readonly #options: Options;
  readonly #publish: Leg<Publisher>;
  readonly #subscribe: Leg<Subscriber>;
  readonly #legs: Record<'publish' | 'subscribe', LegState> = {
    publish: 'connecting',
    subscribe: 'connecting',
  };
  #signal: SignalClient | undefined;
  #codec: VideoCodecName = 'h264';
  #ice: readonly RTCIceServer[] = []; // ways through a firewall, with credentials that expire
  #serverBuild = ''; // of the first welcome: this page came from it
  #started = false; // media was begun in this stay
  #subscribed = false; // the server has a subscription to apply views to
  readonly #watch: NetworkWatch;
  readonly #nudge = () => this.#signal?.nudge();

  constructor(options: Options) {
    this.#options = options;
    this.kinds = slotKinds(tileSlots(isPhone(), navigator.hardwareConcurrency || 4));
    this.chat = new ChatOutbox(this.store, (t, d) => this.request(t, d));
    this.view = new ViewTracker((view) => this.#sendView(view));
    this.sources = new OwnSources({
      store: this.store,
      media: options.media,
      publisher: () => this.#publish.current,
      request: (source, on) => this.request('source', { source, on }),
    });
    this.#publish = new Leg({
      make: () => new Publisher(this.#codec, this.#ice),
      exchange: async (sdp) => (await this.request('publish', { sdp })).sdp,
      ready: (publisher) => this.sources.republish(publisher),
      state: (state) => this.#legChanged('publish', state),
    });
    this.#subscribe = new Leg({
      make: () => new Subscriber(this.kinds, this.#ice),
      exchange: (sdp) => this.#offerSlots(sdp),
      ready: () => this.#readyToSee(),
      state: (state) => this.#legChanged('subscribe', state),
    });
    this.#watch = new NetworkWatch({
      connection: () => (this.#subscribe.connected ? this.#subscribe.current?.connection : undefined),
      talkers: () => this.#talkers(),
      silent: () => this.#reroute(),
    });
  }

  /** Enters the lesson; with takeOver another tab or device of mine has to go. Call once. */
  join(takeOver: boolean): void {
    if (!hasWebRTC()) {
      this.#connection({
        state: 'failed',
        failure: { kind: 'no_webrtc', detail: navigator.userAgent },
      });
      return;
    }
    this.#connection({ state: 'connecting', slow: false });
    const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
    const url = `${scheme}//${location.host}/api/v1/lessons/${encodeURIComponent(this.#options.lesson)}/ws`;
    this.#signal = new SignalClient(
      {
        url,
        build: this.#options.build,
        device: tabId(),
        capabilities: browserCapabilities(),
        probe: this.#options.probe,
        handlers: {
          welcome: (welcome) => this.#welcome(welcome),
          event: (event) => this.#event(event),
          lost: () => this.#lost(),
          closed: (why) => void this.#gaveUp(why),
        },
      },
      takeOver,
    );
    exposeDebug(() => ({ slots: this.store.get().slots, lastEvent: this.#signal?.last ?? 0 }));
    window.addEventListener('online', this.#nudge);
    document.addEventListener('visibilitychange', this.#nudge);
    this.#watch.start();
    this.#signal.connect();
  }

  /** Says goodbye and ends everything. Idempotent. */
  leave(): void {
    this.#signal?.close();
    this.#close({ state: 'left' });
  }

  request<K extends RequestName>(t: K, d: Requests[K]): Promise<Answers[K]> {
    return this.#signal?.request(t, d) ?? Promise.reject(new RequestError('lost', `${t}: not joined`));
  }

  /** A request whose failure the person should hear of, and nothing else depends on. */
  async ask<K extends RequestName>(
    what: Extract<Notice, { kind: 'refused' }>['what'],
    t: K,
    d: Requests[K],
  ): Promise<boolean> {
    try {
      await this.request(t, d);
      return true;
    } catch {
      this.store.update((room) => withNotice(room, { kind: 'refused', what }));
      return false;
    }
  }

  /** The stream of a slot, by index of its m-line; changes only with Room.subscription. */
  stream(slot: number): MediaStream | undefined {
    return this.#subscribe.current?.stream(slot);
  }

  soundBlocked(soundBlocked: boolean): void {
    this.store.update((room) => (room.soundBlocked === soundBlocked ? room : { ...room, soundBlocked }));
  }

  #welcome(welcome: Welcome): void {
    this.#codec = welcome.codec;
    this.#ice = welcome.ice.map((one) => ({ ...one, urls: [...one.urls] }));
    this.store.update((room) => welcomed(room, welcome));
    if (!welcome.resumed) {
      const newBuild = this.#serverBuild !== '' && this.#serverBuild !== welcome.server;
      this.#serverBuild ||= welcome.server;
      if (newBuild) this.store.update((room) => ({ ...room, newBuild }));
    }
    if (!welcome.resumed) this.#subscribed = false;
    this.#follow(!welcome.resumed);
    void this.chat.flush();
  }

  /** Starts, keeps or ends media as the room's phase asks; `fresh`: the server has no transports of ours. */
  #follow(fresh: boolean): void {
    const { state } = this.store.get().connection;
    if (state === 'ended') this.#close({ state: 'ended' });
    if (state !== 'live') return;
    if (fresh || !this.#started) {
      this.#publish.restart();
      this.#subscribe.restart();
    } else {
      if (!this.#publish.connected) this.#publish.restart();
      if (!this.#subscribe.connected) this.#subscribe.restart();
    }
    if (this.#started) void this.sources.reconcile();
    else this.#openSources();
    this.#started = true;
  }

  #openSources(): void {
    const { choices } = this.#options.media.get();
    const { permissions } = this.store.get();
    if (choices.microphoneOn && permissions.speak) void this.sources.set('microphone', true);
    if (choices.cameraOn && permissions.video) void this.sources.set('camera', true);
  }

  #event(event: ServerEvent): void {
    const before = this.store.get().connection.state;
    this.store.update((room) => happened(room, event));
    if (event.t === 'room' && before !== this.store.get().connection.state) this.#follow(false);
    if (event.t === 'muted') this.sources.muted(event.d.source as SourceName);
    if (event.t === 'codec') void this.#recode(event.d.codec);
    if (event.t === 'transport' && event.d.state === 'failed') {
      const leg = event.d.leg === 'publish' ? this.#publish : this.#subscribe;
      if (leg.connected) leg.restart(); // one that is being made anew is none that the server means
    }
  }

  async #recode(codec: VideoCodecName): Promise<void> {
    this.#codec = codec;
    if ((await this.#publish.current?.setCodec(codec)) === false) this.#publish.restart();
  }

  async #offerSlots(sdp: string): Promise<string> {
    return (await this.request('subscribe', { sdp, slots: this.kinds })).sdp;
  }

  #readyToSee(): void {
    this.#subscribed = true;
    this.view.repeat();
    this.store.update((room) => ({ ...room, subscription: room.subscription + 1 }));
  }

  #sendView(view: SetView): void {
    if (!this.#subscribed) return;
    this.request('view', view).catch(() => {
      // Lost with the socket: a resumed session is told again by the next change, a fresh one by its subscription.
    });
  }

  /**
   * How many people must be sending to me now: those who speak, and whose camera is on the stage. Smaller pictures may
   * be paused for want of bandwidth, and a microphone in silence sends next to nothing.
   */
  #talkers(): number {
    const { slots, people, speakers } = this.store.get();
    const sending = new Set<string>();
    for (const [slot, { participant, source }] of Object.entries(slots)) {
      const stage = source === 'camera' && this.kinds[Number(slot)] === 'stage_video';
      const voice = source === 'microphone' && speakers.speaking.includes(participant);
      if (stage || voice) sending.add(participant);
    }
    return people.filter(({ id, away }) => sending.has(id) && !away).length;
  }

  /** Media has stopped and it is not their fault: other ways are looked for now, not when ICE gives the old one up. */
  #reroute(): void {
    this.#signal?.nudge();
    this.#subscribe.restart();
    this.#publish.restart();
  }

  #legChanged(leg: 'publish' | 'subscribe', state: LegState): void {
    this.#legs[leg] = state;
    const states = Object.values(this.#legs);
    const worst = (['failed', 'connecting'] as const).find((one) => states.includes(one)) ?? 'connected';
    this.store.update((room) => (room.media === worst ? room : { ...room, media: worst }));
  }

  #lost(): void {
    const { state } = this.store.get().connection;
    if (state === 'connecting') this.#connection({ state: 'connecting', slow: true });
    else if (state === 'live' || state === 'waiting') this.#connection({ state: 'reconnecting' });
  }

  #close(connection: Connection): void {
    window.removeEventListener('online', this.#nudge);
    document.removeEventListener('visibilitychange', this.#nudge);
    this.#watch.close();
    this.sources.close();
    this.#publish.close();
    this.#subscribe.close();
    this.view.close();
    this.#signal?.close();
    this.#connection(connection);
  }

  /** The server says goodbye alike to who signed out and to whose rights changed: whether the lesson is open tells. */
  async #gaveUp(why: Closed): Promise<void> {
    this.#close(afterClosing(why));
    if (why.kind !== 'bye' || why.reason !== 'signed_out') return;
    const answer = await this.#options.probe();
    if (this.store.get().connection.state !== 'failed' || answer === 'signed_out') return;
    if (answer === 'removed' || answer === 'ended') return this.#connection({ state: answer });
    const kind = answer === 'not_allowed' ? 'not_allowed' : 'unavailable';
    this.#connection({ state: 'failed', failure: { kind, detail: 'rights changed' } });
  }

  #connection(connection: Connection): void {
    this.store.update((room) => withConnection(room, connection));
  }
}

/** What the person sees after the client gave up. */
function afterClosing(why: Closed): Connection {
  if (why.kind === 'bye') {
    switch (why.reason) {
      case 'removed':
      case 'ended':
      case 'left':
        return { state: why.reason };
      case 'replaced':
        return { state: 'elsewhere' };
      case 'signed_out':
        return { state: 'failed', failure: { kind: 'signed_out', detail: '' } };
      default:
        return assertNever(why.reason);
    }
  }
  const { kind, detail } = why.problem;
  if (kind === 'old_client') return { state: 'upgraded' };
  if (kind === 'elsewhere' || kind === 'removed' || kind === 'ended') return { state: kind };
  if (kind === 'not_allowed') return { state: 'failed', failure: { kind, detail } };
  return { state: 'failed', failure: { kind: 'protocol', detail: `${kind}: ${detail}` } };
}
