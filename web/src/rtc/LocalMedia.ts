import { type Choices, loadChoices, saveChoices } from './choices.ts';
import { constraintsFor, type DeviceKind, type Devices, listDevices, noDevices } from './devices.ts';
import { type DeviceProblem, deviceProblem } from './errors.ts';

export type LocalSource = 'microphone' | 'camera';

export type Capture =
  | { readonly state: 'closed' }
  | { readonly state: 'opening' }
  | { readonly state: 'open'; readonly track: MediaStreamTrack }
  | { readonly state: 'failed'; readonly problem: DeviceProblem };

export interface LocalState {
  readonly microphone: Capture;
  readonly camera: Capture;
  readonly devices: Devices;
  readonly choices: Choices;
}

const pauses = [0, 400, 1_000]; // ms before each try to take another device
const settling = 250; // ms after which a device that is taken in place of another counts as alive
const young = 2_000; // ms

const after = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

const closed: Capture = { state: 'closed' };

/** A device went away; `track` took its place, if anything could. */
export type Replaced = (source: LocalSource, track: MediaStreamTrack | null, unplugged: boolean) => void;

/**
 * The microphone and the camera of this device, shared by the green room and the lesson. It owns the tracks: close()
 * stops them, and no light stays on.
 */
export class LocalMedia {
  #state: LocalState = { microphone: closed, camera: closed, devices: noDevices, choices: loadChoices() };
  readonly #listeners = new Set<() => void>();
  readonly #turn: Record<LocalSource, number> = { microphone: 0, camera: 0 };
  readonly #young: Record<LocalSource, number> = { microphone: 0, camera: 0 }; // deaths in a row
  /** Called when a track changed under a sender. */
  onReplaced: Replaced = () => {};
  readonly #refresh = () => void this.refresh();

  constructor() {
    navigator.mediaDevices?.addEventListener?.('devicechange', this.#refresh);
    this.#refresh();
  }

  get(): LocalState {
    return this.#state;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  track(source: LocalSource): MediaStreamTrack | null {
    const capture = this.#state[source];
    return capture.state === 'open' ? capture.track : null;
  }

  /** Opens a device if it is not open. Null when it cannot be had: the state says why. */
  async open(source: LocalSource): Promise<MediaStreamTrack | null> {
    return this.track(source) ?? (await this.#reopen(source));
  }

  /** Stops a device: its light goes out. */
  stop(source: LocalSource): void {
    this.#turn[source] += 1;
    this.#drop(source);
    this.#set({ [source]: closed });
  }

  /** Changes and remembers choices; an open device that they concern is exchanged. */
  async choose(change: Partial<Choices>): Promise<void> {
    const choices = { ...this.#state.choices, ...change };
    saveChoices(choices);
    this.#set({ choices });
    const sound = 'microphone' in change || 'sound' in change;
    if (sound && this.track('microphone')) await this.#exchange('microphone', false);
    if ('camera' in change && this.track('camera')) await this.#exchange('camera', false);
  }

  async refresh(): Promise<void> {
    const before = this.#state.devices;
    const devices = await listDevices();
    this.#set({ devices });
    for (const source of ['microphone', 'camera'] as const) this.#checkPresence(source, before, devices);
    const { speaker } = this.#state.choices;
    if (speaker && devices.speaker.length > 0 && !devices.speaker.some((one) => one.id === speaker)) {
      this.#set({ choices: { ...this.#state.choices, speaker: '' } }); // not saved: it may be plugged in again
    }
  }

  /** The names of what is in use, for the pickers. */
  chosen(kind: DeviceKind): string {
    if (kind === 'speaker') return this.#state.choices.speaker;
    return this.track(kind)?.getSettings().deviceId ?? this.#state.choices[kind];
  }

  close(): void {
    navigator.mediaDevices?.removeEventListener?.('devicechange', this.#refresh);
    this.onReplaced = () => {};
    this.stop('microphone');
    this.stop('camera');
    this.#listeners.clear();
  }

  async #exchange(source: LocalSource, unplugged: boolean): Promise<void> {
    const track = unplugged ? await this.#takeNext(source) : await this.#reopen(source);
    this.onReplaced(source, track, unplugged);
  }

  /** A system that has just lost a device may give it once more, dead, before it gives the next one. */
  async #takeNext(source: LocalSource): Promise<MediaStreamTrack | null> {
    let problem: DeviceProblem | undefined;
    for (const pause of pauses) {
      const turn = this.#turn[source];
      await after(pause);
      if (turn !== this.#turn[source]) return this.track(source); // stopped or chosen anew meanwhile
      problem = await this.#attempt(source, settling);
      if (problem?.kind !== 'busy') break;
    }
    if (problem) this.#set({ [source]: { state: 'failed', problem } });
    return this.track(source);
  }

  async #reopen(source: LocalSource): Promise<MediaStreamTrack | null> {
    const problem = await this.#attempt(source, 0);
    if (problem) this.#set({ [source]: { state: 'failed', problem } });
    return this.track(source);
  }

  /**
   * Opens a device; what kept it from being open is returned, the state stays `opening` then. A device counts as open
   * when it has lived for `settle` ms.
   */
  async #attempt(source: LocalSource, settle: number): Promise<DeviceProblem | undefined> {
    this.#turn[source] += 1;
    const turn = this.#turn[source];
    // A camera can often be opened once only, so the old track goes first.
    this.#drop(source);
    this.#set({ [source]: { state: 'opening' } });
    try {
      const track = await capture(source, this.#state.choices);
      if (settle > 0) await after(settle);
      if (turn !== this.#turn[source]) {
        track.stop();
        return undefined;
      }
      if (track.readyState === 'ended') throw new DOMException('ended at once', 'NotReadableError');
      const since = performance.now();
      track.onended = () => this.#ended(source, performance.now() - since);
      this.#set({ [source]: { state: 'open', track } });
      this.#refresh(); // names are told only once a permission is given
      return undefined;
    } catch (failure) {
      return turn === this.#turn[source] ? deviceProblem(failure, window.isSecureContext) : undefined;
    }
  }

  /** A device that dies young again and again is left alone: the next try is the person's. */
  #ended(source: LocalSource, age: number): void {
    this.#young[source] = age < young ? this.#young[source] + 1 : 0;
    if (this.#young[source] <= pauses.length) {
      void this.#exchange(source, true);
      return;
    }
    this.#turn[source] += 1;
    this.#drop(source);
    this.#set({ [source]: { state: 'failed', problem: { kind: 'busy', detail: 'ended soon' } } });
    this.onReplaced(source, null, true);
  }

  /** A device that is gone while its track goes on, as some systems have it, delivers nothing any more. */
  #checkPresence(source: LocalSource, before: Devices, now: Devices): void {
    const used = this.track(source)?.getSettings().deviceId;
    const has = (devices: Devices) => devices[source].some((one) => one.id === used);
    if (used && has(before) && !has(now)) void this.#exchange(source, true);
  }

  #drop(source: LocalSource): void {
    const track = this.track(source);
    if (!track) return;
    track.onended = null;
    track.stop();
  }

  #set(change: Partial<LocalState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of [...this.#listeners]) listener();
  }
}

async function capture(source: LocalSource, choices: Choices): Promise<MediaStreamTrack> {
  const stream = await navigator.mediaDevices.getUserMedia(constraintsFor(source, choices));
  const track = stream.getTracks()[0];
  if (!track) throw new DOMException('no track', 'NotFoundError');
  return track;
}
