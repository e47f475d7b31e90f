import type { Command } from './keys.ts';

export const speeds = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5] as const;

export interface PlayerState {
  paused: boolean;
  ended: boolean;
  /** Wants to play but has nothing to show yet. */
  waiting: boolean;
  /** Seconds. */
  time: number;
  /** Seconds known so far; grows while the lesson runs. */
  duration: number;
  /** Spans of seconds that are loaded. */
  buffered: readonly (readonly [number, number])[];
  volume: number;
  muted: boolean;
  rate: number;
  pip: boolean;
  fullscreen: boolean;
}

/** What is known before there is an element. */
export const beforeStart: PlayerState = {
  paused: true,
  ended: false,
  waiting: false,
  time: 0,
  duration: 0,
  buffered: [],
  volume: 1,
  muted: false,
  rate: 1,
  pip: false,
  fullscreen: false,
};

const watched = [
  ...['play', 'pause', 'ended', 'waiting', 'playing', 'seeking', 'seeked', 'timeupdate', 'durationchange'],
  ...[
    'progress',
    'volumechange',
    'ratechange',
    'loadeddata',
    'enterpictureinpicture',
    'leavepictureinpicture',
  ],
];

function spans(ranges: TimeRanges): [number, number][] {
  return Array.from({ length: ranges.length }, (_, i) => [ranges.start(i), ranges.end(i)]);
}

/** A video element as a store: what it does now, and what may be asked of it. Belongs to one element for its life. */
export class Player {
  readonly video: HTMLVideoElement;
  /** The element that goes full screen: the picture with its controls. */
  readonly #frame: HTMLElement;
  #state = beforeStart;
  readonly #listeners = new Set<() => void>();

  constructor(video: HTMLVideoElement, frame: HTMLElement) {
    this.video = video;
    this.#frame = frame;
    for (const name of watched) video.addEventListener(name, this.#update);
    frame.addEventListener('fullscreenchange', this.#update);
  }

  close(): void {
    for (const name of watched) this.video.removeEventListener(name, this.#update);
    this.#frame.removeEventListener('fullscreenchange', this.#update);
    this.#listeners.clear();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly state = (): PlayerState => this.#state;

  readonly #update = (): void => {
    const video = this.video;
    const seekable = video.seekable.length > 0 ? video.seekable.end(video.seekable.length - 1) : 0;
    this.#state = {
      paused: video.paused,
      ended: video.ended,
      waiting: !video.paused && !video.ended && video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA,
      time: video.currentTime,
      duration: Number.isFinite(video.duration) ? video.duration : seekable,
      buffered: spans(video.buffered),
      volume: video.volume,
      muted: video.muted,
      rate: video.playbackRate,
      pip: document.pictureInPictureElement === video,
      fullscreen: document.fullscreenElement === this.#frame,
    };
    for (const listener of this.#listeners) listener();
  };

  /** Resolves to false when the browser wants a press first; the button to press is on the picture anyway. */
  async play(): Promise<boolean> {
    try {
      await this.video.play();
      return true;
    } catch {
      this.#update();
      return false;
    }
  }

  toggle(): void {
    if (this.video.paused) void this.play();
    else this.video.pause();
  }

  /** Goes to a second of the recording, within what is there. */
  seek(seconds: number): void {
    this.video.currentTime = Math.min(Math.max(0, seconds), Math.max(0, this.#state.duration - 0.1));
    this.#update();
  }

  setRate(rate: number): void {
    this.video.playbackRate = rate;
    this.video.defaultPlaybackRate = rate; // kept when the source is attached again
    this.video.preservesPitch = true;
  }

  setVolume(volume: number): void {
    this.video.volume = Math.min(1, Math.max(0, volume));
    this.video.muted = this.video.volume === 0;
  }

  toggleFullscreen(): void {
    const silence = () => undefined; // refused: the picture stays in the page
    if (document.fullscreenElement) void document.exitFullscreen().catch(silence);
    else if (this.#frame.requestFullscreen) void this.#frame.requestFullscreen().catch(silence);
    else (this.video as HTMLVideoElement & { webkitEnterFullscreen?: () => void }).webkitEnterFullscreen?.();
  }

  togglePip(): void {
    const silence = () => undefined;
    if (document.pictureInPictureElement) void document.exitPictureInPicture().catch(silence);
    else void this.video.requestPictureInPicture?.().catch(silence);
  }

  #step(steps: 1 | -1): void {
    const rate = this.video.playbackRate;
    const next = steps > 0 ? speeds.find((one) => one > rate) : speeds.findLast((one) => one < rate);
    if (next) this.setRate(next);
  }

  run(command: Command): void {
    switch (command.kind) {
      case 'toggle':
        this.toggle();
        break;
      case 'jump':
        this.seek(this.video.currentTime + command.by);
        break;
      case 'goTo':
        this.seek(this.#state.duration * command.fraction);
        break;
      case 'louder':
        this.setVolume(this.video.volume + command.by);
        break;
      case 'mute':
        this.video.muted = !this.video.muted;
        break;
      case 'fullscreen':
        this.toggleFullscreen();
        break;
      case 'pip':
        this.togglePip();
        break;
      case 'faster':
        this.#step(command.steps);
        break;
    }
  }
}
