import type { SourceName } from '@/protocol/generated.ts';
import { deviceProblem, RequestError } from './errors.ts';
import type { LocalMedia, LocalSource } from './LocalMedia.ts';
import { type Publisher, sources } from './Publisher.ts';
import type { RoomStore } from './RoomStore.ts';
import { withNotice, withOwn } from './reduce.ts';
import { me, type Own } from './roomState.ts';
import { TalkingHint } from './TalkingHint.ts';

interface Options {
  readonly store: RoomStore;
  readonly media: LocalMedia;
  readonly publisher: () => Publisher | undefined;
  /** Asks the server to open or close a source's gate. */
  readonly request: (source: SourceName, on: boolean) => Promise<unknown>;
}

/**
 * My four sources: what I want, what the device gives, what the server allows. Pressing twice quickly ends where the
 * last press pointed. It owns the shared screen's tracks; LocalMedia owns the rest.
 */
export class OwnSources {
  readonly #options: Options;
  readonly #wanted: Record<SourceName, boolean> = {
    microphone: false,
    camera: false,
    share: false,
    share_audio: false,
  };
  readonly #queue: Record<LocalSource, Promise<void>> = {
    microphone: Promise.resolve(),
    camera: Promise.resolve(),
  };
  #screen: MediaStream | undefined;
  #hint: TalkingHint | undefined;
  #closed = false;

  constructor(options: Options) {
    this.#options = options;
    options.media.onReplaced = (source, track, unplugged) => void this.#replaced(source, track, unplugged);
  }

  /** Turns the microphone or the camera on or off; resolves when it is done. */
  set(source: LocalSource, on: boolean): Promise<void> {
    this.#wanted[source] = on;
    if (!on) void this.#options.publisher()?.set(source, null); // silent at once, whatever is queued
    this.#queue[source] = this.#queue[source].then(() => this.#step(source, on));
    return this.#queue[source];
  }

  /** Asks which screen to show and shows it; nothing happens when the person changes their mind. */
  async share(): Promise<void> {
    let screen: MediaStream;
    try {
      screen = await navigator.mediaDevices.getDisplayMedia({
        video: { frameRate: { ideal: 15, max: 30 } },
        audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
      });
    } catch (failure) {
      const problem = deviceProblem(failure, window.isSecureContext);
      if (problem.kind !== 'denied') this.#say({ kind: 'device', source: 'share', problem });
      return;
    }
    this.#stopScreen();
    this.#screen = screen;
    for (const track of screen.getVideoTracks()) track.onended = () => void this.stopShare();
    await Promise.all([
      this.#show('share', screen.getVideoTracks()[0]),
      this.#show('share_audio', screen.getAudioTracks()[0]),
    ]);
  }

  async stopShare(): Promise<void> {
    this.#stopScreen();
    await Promise.all([this.#hide('share'), this.#hide('share_audio')]);
  }

  /** A teacher closed one of mine: the state is told already, the device follows. */
  muted(source: SourceName): void {
    this.#wanted[source] = false;
    void this.#options.publisher()?.set(source, null);
    if (source === 'camera') this.#options.media.stop('camera');
    if (source === 'share') void this.stopShare();
    this.#watchTalking();
  }

  /** Gives a new transport everything that is on. */
  republish(publisher: Publisher): void {
    for (const source of sources) {
      if (this.#wanted[source]) void publisher.set(source, this.#track(source));
    }
  }

  /** Tells the server where it differs: it has forgotten, or missed something while the socket was away. */
  async reconcile(): Promise<void> {
    const room = this.#options.store.get();
    const known = me(room)?.sources ?? [];
    const differing = sources.filter(
      (source) => (room.own[source].state === 'on') !== known.includes(source),
    );
    await Promise.all(differing.map((source) => this.#ask(source, room.own[source].state === 'on')));
  }

  close(): void {
    this.#closed = true;
    this.#options.media.onReplaced = () => {};
    this.#hint?.close();
    this.#stopScreen();
  }

  async #step(source: LocalSource, on: boolean): Promise<void> {
    if (this.#closed || this.#wanted[source] !== on) return;
    if (on) await this.#start(source);
    else await this.#stop(source);
    this.#watchTalking();
  }

  async #start(source: LocalSource): Promise<void> {
    this.#own(source, { state: 'starting' });
    const track = await this.#options.media.open(source);
    if (this.#closed || !this.#wanted[source]) return;
    if (!track) {
      this.#wanted[source] = false;
      const capture = this.#options.media.get()[source];
      if (capture.state !== 'failed') return this.#own(source, { state: 'off' });
      this.#own(source, { state: 'off', problem: capture.problem });
      return this.#say({ kind: 'device', source, problem: capture.problem });
    }
    await this.#options.publisher()?.set(source, track);
    this.#own(source, { state: 'on' });
    await this.#ask(source, true);
  }

  async #stop(source: LocalSource): Promise<void> {
    this.#own(source, { state: 'off' });
    // The microphone stays open: one word must not wait for the device, and who talks while muted is told so.
    if (source === 'camera') this.#options.media.stop('camera');
    await this.#ask(source, false);
  }

  async #show(source: 'share' | 'share_audio', track: MediaStreamTrack | undefined): Promise<void> {
    if (!track) return;
    this.#wanted[source] = true;
    await this.#options.publisher()?.set(source, track);
    this.#own(source, { state: 'on' });
    await this.#ask(source, true);
  }

  async #hide(source: 'share' | 'share_audio'): Promise<void> {
    const was = this.#options.store.get().own[source].state;
    this.#wanted[source] = false;
    this.#own(source, { state: 'off' });
    await this.#options.publisher()?.set(source, null);
    if (was === 'on') await this.#ask(source, false);
  }

  /** A refusal closes the source again; a lost socket is made good by reconcile. */
  async #ask(source: SourceName, on: boolean): Promise<void> {
    try {
      await this.#options.request(source, on);
    } catch (failure) {
      if (this.#closed || !(failure instanceof RequestError) || failure.kind === 'lost') return;
      if (!on || failure.kind === 'late') return;
      this.muted(source);
      this.#own(source, { state: 'off' });
      this.#say({ kind: 'refused', what: 'source' });
    }
  }

  async #replaced(source: LocalSource, track: MediaStreamTrack | null, unplugged: boolean): Promise<void> {
    const on = this.#wanted[source];
    if (on) await this.#options.publisher()?.set(source, track);
    if (track && unplugged) this.#say({ kind: 'unplugged', source });
    if (!track && on) {
      const capture = this.#options.media.get()[source];
      this.#wanted[source] = false;
      this.#own(source, { state: 'off' });
      if (capture.state === 'failed') this.#say({ kind: 'device', source, problem: capture.problem });
      await this.#ask(source, false);
    }
    this.#watchTalking();
  }

  #watchTalking(): void {
    this.#hint?.close();
    this.#hint = undefined;
    this.#talking(false);
    const track = this.#options.media.track('microphone');
    if (!this.#closed && track && !this.#wanted.microphone) {
      this.#hint = new TalkingHint(track, (talking) => this.#talking(talking));
    }
  }

  #talking(talkingMuted: boolean): void {
    this.#options.store.update((room) =>
      room.talkingMuted === talkingMuted ? room : { ...room, talkingMuted },
    );
  }

  #track(source: SourceName): MediaStreamTrack | null {
    if (source === 'microphone' || source === 'camera') return this.#options.media.track(source);
    const tracks = source === 'share' ? this.#screen?.getVideoTracks() : this.#screen?.getAudioTracks();
    return tracks?.[0] ?? null;
  }

  #stopScreen(): void {
    for (const track of this.#screen?.getTracks() ?? []) {
      track.onended = null;
      track.stop();
    }
    this.#screen = undefined;
  }

  #own(source: SourceName, own: Own): void {
    this.#options.store.update((room) => withOwn(room, source, own));
  }

  #say(notice: Parameters<typeof withNotice>[1]): void {
    this.#options.store.update((room) => withNotice(room, notice));
  }
}
