import { tones } from './fixtures/cast.ts';
import { CELLS, STRIP } from './fixtures/code.ts';

/** What was read in one picture. */
export interface Reading {
  /** Number of the person (or the share), or -1 when no valid code is in the picture. */
  readonly what: number;
  readonly frame: number;
}

/** One video element that is on the page. */
export interface Seen extends Reading {
  /** Pixels of the picture as decoded. */
  readonly width: number;
  readonly height: number;
  /** Pixels of the element on the page. */
  readonly shownWidth: number;
  readonly shownHeight: number;
  /** Value of the nearest data-participant, or ''. */
  readonly participant: string;
  /** Value of the nearest data-source, or ''. */
  readonly source: string;
  /** Seconds of the element's own clock. */
  readonly at: number;
}

/** One tone that plays. */
export interface Heard {
  /** Hz. */
  readonly tone: number;
  /** Largest amplitude within the asked time, 1 is full scale. */
  readonly peak: number;
  /** Last moment it was there, ms since 1970. */
  readonly last: number;
}

/** How often the page negotiated. */
export interface Negotiations {
  readonly createOffer: number;
  readonly setRemoteDescription: number;
  readonly connections: number;
}

/** What the tests may ask in the page. */
export interface Oracle {
  /** Reads every video element that is shown. */
  see(): Seen[];
  /** Tones that sounded in the last ms from elements that play aloud; loudest first. */
  hear(ms: number): Heard[];
  /** Every single detection of a tone in the last minute; at is ms since 1970. */
  sounds(): { tone: number; peak: number; at: number }[];
  /** Every reading of one element's pictures since the call, as they are presented. */
  watch(selector: string): void;
  /** What watch gathered: at is the element's clock in seconds, now is ms since 1970. */
  watched(): (Reading & { at: number; now: number })[];
  negotiations(): Negotiations;
  /** Plain samples for tests of the oracle itself. */
  readPicture(source: CanvasImageSource, width: number, height: number): Reading;
}

declare global {
  interface Window {
    oracle: Oracle;
  }
}

/** Arguments of the injected script: it can close over nothing. */
export const oracleFacts = { cells: CELLS, strip: STRIP, tones: [...tones] };

/** Runs in the page before its own scripts. Self-contained on purpose: the function travels as text. */
export function installOracle(facts: typeof oracleFacts): void {
  const { cells, strip, tones } = facts;
  const now = () => performance.timeOrigin + performance.now();

  // --- eyes -------------------------------------------------------------------------------------------------------
  const canvas = document.createElement('canvas');
  canvas.width = cells * 8;
  canvas.height = 108;
  const pen = canvas.getContext('2d', { willReadFrequently: true });

  function crc8(bits: readonly number[]): number {
    let crc = 0x5a;
    for (const bit of bits) {
      const top = ((crc >> 7) & 1) ^ bit;
      crc = (crc << 1) & 0xff;
      if (top === 1) crc ^= 0x07;
    }
    return crc;
  }

  const number = (bits: readonly number[]) => bits.reduce((sum, bit) => sum * 2 + bit, 0);

  /** Reads the middle of each cell in one row of the canvas. */
  function readStrip(row: number): Reading | null {
    if (pen === null) return null;
    const pixels = pen.getImageData(0, row - 2, canvas.width, 4).data;
    const light: number[] = [];
    for (let cell = 0; cell < cells; cell++) {
      let sum = 0;
      for (let y = 0; y < 4; y++) {
        for (let x = cell * 8 + 3; x < cell * 8 + 5; x++) sum += pixels[(y * canvas.width + x) * 4 + 1] ?? 0;
      }
      light.push(sum / 8);
    }
    const white = ((light[0] ?? 0) + (light[cells - 1] ?? 0)) / 2;
    const black = ((light[1] ?? 0) + (light[cells - 2] ?? 0)) / 2;
    if (white - black < 80) return null;
    const bits = light.map((v) => (v > (white + black) / 2 ? 1 : 0));
    if (bits[0] !== 1 || bits[1] !== 0 || bits[cells - 2] !== 0 || bits[cells - 1] !== 1) return null;
    const data = bits.slice(2, 16);
    if (crc8(data) !== number(bits.slice(16, 24))) return null;
    return { what: number(data.slice(0, 5)), frame: number(data.slice(5)) };
  }

  /** Both strips must say the same, or one of them be unreadable: a torn picture is no picture. */
  function readPicture(source: CanvasImageSource, width: number, height: number): Reading {
    const nothing = { what: -1, frame: -1 };
    if (width === 0 || height === 0) return nothing;
    // One draw: between two the element may move on to its next picture.
    pen?.drawImage(source, 0, 0, width, height, 0, 0, canvas.width, canvas.height);
    const middle = Math.round((canvas.height * strip) / 2);
    const top = readStrip(middle);
    const bottom = readStrip(canvas.height - middle);
    if (top !== null && bottom !== null && (top.what !== bottom.what || top.frame !== bottom.frame))
      return nothing;
    return top ?? bottom ?? nothing;
  }

  function see(): Seen[] {
    const all: Seen[] = [];
    for (const video of document.querySelectorAll('video')) {
      const box = video.getBoundingClientRect();
      if (box.width === 0 || box.height === 0 || !video.checkVisibility()) continue;
      all.push({
        ...readPicture(video, video.videoWidth, video.videoHeight),
        width: video.videoWidth,
        height: video.videoHeight,
        shownWidth: box.width,
        shownHeight: box.height,
        participant: video.closest<HTMLElement>('[data-participant]')?.dataset['participant'] ?? '',
        source: video.closest<HTMLElement>('[data-source]')?.dataset['source'] ?? '',
        at: video.currentTime,
      });
    }
    return all;
  }

  const watchedPictures: (Reading & { at: number; now: number })[] = [];
  function watch(selector: string): void {
    watchedPictures.length = 0;
    const video = document.querySelector<HTMLVideoElement>(selector);
    if (video === null) throw new Error(`nothing to watch at ${selector}`);
    const next = (_: number, facts: VideoFrameCallbackMetadata) => {
      const read = readPicture(video, video.videoWidth, video.videoHeight);
      watchedPictures.push({ ...read, at: facts.mediaTime, now: now() });
      video.requestVideoFrameCallback(next);
    };
    video.requestVideoFrameCallback(next);
  }

  // --- ears -------------------------------------------------------------------------------------------------------
  interface Ear {
    readonly analyser: AnalyserNode;
    readonly samples: Float32Array<ArrayBuffer>;
    readonly open: () => boolean;
  }
  const ears = new Map<string, Ear>();
  const elementIds = new WeakMap<HTMLMediaElement, number>();
  const captured = new WeakMap<HTMLMediaElement, MediaStream>();
  const log: { tone: number; peak: number; at: number }[] = [];
  let context: AudioContext | null = null;
  let elements = 0;

  function streamOf(element: HTMLMediaElement): MediaStream | null {
    if (element.srcObject instanceof MediaStream) return element.srcObject;
    if (element.currentSrc === '' || element.readyState < 2) return null;
    const known = captured.get(element);
    if (known !== undefined) return known;
    // Firefox's has a name of its own.
    type Capturing = HTMLMediaElement &
      Partial<Record<'captureStream' | 'mozCaptureStream', () => MediaStream>>;
    const capturing = element as Capturing;
    const stream = capturing.captureStream?.() ?? capturing.mozCaptureStream?.();
    if (stream === undefined) return null;
    captured.set(element, stream);
    return stream;
  }

  /** An ear per playing track. A track that ended takes its ear away. */
  function findEars(): void {
    // A page that nobody has touched yet may be silent.
    if (context?.state === 'suspended') void context.resume();
    const found = new Set<string>();
    for (const element of document.querySelectorAll<HTMLMediaElement>('audio, video')) {
      const stream = streamOf(element);
      if (stream === null) continue;
      const id = elementIds.get(element) ?? ++elements;
      elementIds.set(element, id);
      for (const track of stream.getAudioTracks()) {
        const key = `${id} ${track.id}`;
        found.add(key);
        if (ears.has(key)) continue;
        context ??= new AudioContext({ sampleRate: 48000 });
        const analyser = context.createAnalyser();
        analyser.fftSize = 2048;
        context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
        ears.set(key, {
          analyser,
          samples: new Float32Array(2048),
          open: () => !element.paused && !element.muted && element.volume > 0 && element.isConnected,
        });
      }
    }
    for (const key of ears.keys()) if (!found.has(key)) ears.delete(key);
  }

  const hann = Float32Array.from({ length: 2048 }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / 2048));

  /** Amplitude of one frequency by Goertzel's filter under a Hann window. */
  function amplitude(samples: Float32Array, frequency: number): number {
    const coefficient = 2 * Math.cos((2 * Math.PI * frequency) / 48000);
    let a = 0;
    let b = 0;
    for (let i = 0; i < samples.length; i++) {
      const c = (samples[i] ?? 0) * (hann[i] ?? 0) + coefficient * a - b;
      b = a;
      a = c;
    }
    const power = a * a + b * b - coefficient * a * b;
    return (4 * Math.sqrt(Math.max(0, power))) / samples.length;
  }

  /** A tone counts when it stands out of what lies beside it: speech and clicks are wide, tones are not. */
  function listen(): void {
    const at = now();
    for (const ear of ears.values()) {
      if (!ear.open()) continue;
      ear.analyser.getFloatTimeDomainData(ear.samples);
      let energy = 0;
      for (const s of ear.samples) energy += s * s;
      const loudness = energy / ear.samples.length;
      if (loudness < 1e-7) continue;
      for (const tone of tones) {
        const peak = amplitude(ear.samples, tone);
        if (peak < 0.003 || (peak * peak) / 2 < loudness * 0.01) continue;
        const beside = Math.max(amplitude(ear.samples, tone - 80), amplitude(ear.samples, tone + 80));
        if (peak > 4 * beside) log.push({ tone, peak, at });
      }
    }
    while (log.length > 0 && (log[0]?.at ?? 0) < at - 60_000) log.shift();
  }

  function hear(ms: number): Heard[] {
    const since = now() - ms;
    const best = new Map<number, Heard>();
    for (const { tone, peak, at } of log) {
      if (at < since) continue;
      const known = best.get(tone);
      best.set(tone, { tone, peak: Math.max(peak, known?.peak ?? 0), last: at });
    }
    return [...best.values()].sort((a, b) => b.peak - a.peak);
  }

  setInterval(findEars, 100);
  setInterval(listen, 20);

  // --- negotiation ------------------------------------------------------------------------------------------------
  const counts = { createOffer: 0, setRemoteDescription: 0, connections: 0 };
  if (typeof RTCPeerConnection !== 'undefined') {
    const { createOffer, setRemoteDescription } = RTCPeerConnection.prototype;
    RTCPeerConnection.prototype.createOffer = function (this: RTCPeerConnection, ...args: unknown[]) {
      counts.createOffer++;
      return Reflect.apply(createOffer, this, args);
    } as typeof createOffer;
    RTCPeerConnection.prototype.setRemoteDescription = function (
      this: RTCPeerConnection,
      ...args: unknown[]
    ) {
      counts.setRemoteDescription++;
      return Reflect.apply(setRemoteDescription, this, args);
    } as typeof setRemoteDescription;
    window.RTCPeerConnection = new Proxy(RTCPeerConnection, {
      construct(target, args: [RTCConfiguration?]) {
        counts.connections++;
        return new target(...args);
      },
    });
  }

  window.oracle = {
    see,
    hear,
    sounds: () => [...log],
    watch,
    watched: () => [...watchedPictures],
    negotiations: () => ({ ...counts }),
    readPicture,
  };
}
