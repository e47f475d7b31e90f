let shared: AudioContext | undefined;

function context(): AudioContext | undefined {
  if (typeof AudioContext !== 'function') return undefined;
  shared ??= made();
  if (shared.state === 'suspended') void shared.resume().catch(() => {});
  return shared;
}

/** After a reload nobody has touched the page yet, and the browser keeps it silent: the first touch starts it. */
function made(): AudioContext {
  const audio = new AudioContext();
  const start = () => void audio.resume().catch(() => {});
  for (const touch of ['pointerup', 'keydown'] as const)
    document.addEventListener(touch, start, { once: true });
  return audio;
}

/** Measures how loud a track is. It does not own the track; close() frees the graph. */
export class LevelMeter {
  readonly #source: MediaStreamAudioSourceNode | undefined;
  readonly #analyser: AnalyserNode | undefined;
  readonly #samples = new Float32Array(1024);

  constructor(track: MediaStreamTrack) {
    const audio = context();
    if (!audio) return;
    this.#analyser = audio.createAnalyser();
    this.#analyser.fftSize = this.#samples.length;
    this.#source = audio.createMediaStreamSource(new MediaStream([track]));
    this.#source.connect(this.#analyser);
  }

  /** From 0 (quieter than -60 dBFS) to 1 (-6 dBFS and more), evenly over decibels, as the ear hears it. */
  read(): number {
    if (!this.#analyser) return 0;
    this.#analyser.getFloatTimeDomainData(this.#samples);
    return loudness(this.#samples);
  }

  close(): void {
    this.#source?.disconnect();
    this.#analyser?.disconnect();
  }
}

export function loudness(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const decibels = 10 * Math.log10(sum / samples.length + 1e-12);
  return Math.min(1, Math.max(0, (decibels + 60) / 54));
}

const chime = [
  { hertz: 659.3, at: 0 },
  { hertz: 523.3, at: 0.35 },
  { hertz: 784, at: 0.7 },
] as const;

/** Three notes of a school bell on the chosen loudspeaker; resolves when they have faded. */
export async function playChime(speaker: string): Promise<void> {
  const audio = context();
  if (!audio) return;
  const out = audio.createMediaStreamDestination();
  const element = new Audio();
  element.srcObject = out.stream;
  if (speaker && 'setSinkId' in element) await element.setSinkId(speaker).catch(() => {});
  await element.play();
  const start = audio.currentTime + 0.05;
  for (const { hertz, at } of chime) {
    const tone = audio.createOscillator();
    const gain = audio.createGain();
    tone.frequency.value = hertz;
    gain.gain.setValueAtTime(0, start + at);
    gain.gain.linearRampToValueAtTime(0.25, start + at + 0.01);
    gain.gain.exponentialRampToValueAtTime(0.001, start + at + 0.9);
    tone.connect(gain).connect(out);
    tone.start(start + at);
    tone.stop(start + at + 1);
  }
  await new Promise((done) => setTimeout(done, 1_800));
  element.pause();
  element.srcObject = null;
}
