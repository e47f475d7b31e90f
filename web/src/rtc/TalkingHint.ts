import { LevelMeter } from './sound.ts';

const every = 150; // ms
const loud = 0.55; // of LevelMeter: about -30 dBFS, speech into a laptop
const enough = 4; // loud readings out of the last eight: speech, not a cough

/** Watches a microphone that is off and says when its owner is speaking. close() ends it. */
export class TalkingHint {
  readonly #meter: LevelMeter;
  readonly #timer: ReturnType<typeof setInterval>;
  #recent: boolean[] = [];
  #said = false;

  constructor(track: MediaStreamTrack, say: (talking: boolean) => void) {
    this.#meter = new LevelMeter(track);
    this.#timer = setInterval(() => {
      this.#recent = [...this.#recent.slice(-7), this.#meter.read() > loud];
      const count = this.#recent.filter(Boolean).length;
      const talking = this.#said ? count > 0 : count >= enough;
      if (talking !== this.#said) say(talking);
      this.#said = talking;
    }, every);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#meter.close();
  }
}
