import { SHARE } from './fixtures/cast.ts';
import { encodeStrip, LOOP, RATE, STRIP } from './fixtures/code.ts';

/** Tone of a shared screen's sound in Hz. */
export const shareTone = 2503;

/** Arguments of the injected script: it can close over nothing. */
export const shareFacts = {
  strips: Array.from({ length: LOOP }, (_, frame) => encodeStrip(SHARE, frame)),
  rate: RATE,
  tall: STRIP,
  tone: shareTone,
};

/**
 * Runs in the page before its own scripts: a screen of our own in place of the browser's fake one, so that the test
 * knows whose picture it is and at which moment it was painted. A lesson's slide with the code at top and bottom.
 */
export function installScreen(facts: typeof shareFacts): void {
  if (navigator.mediaDevices === undefined) return;
  navigator.mediaDevices.getDisplayMedia = async (options) => {
    const screen = document.createElement('canvas');
    screen.width = 1280;
    screen.height = 720;
    const pen = screen.getContext('2d');
    if (pen === null) throw new Error('no canvas');
    const strip = (cells: readonly number[], y: number, height: number) => {
      cells.forEach((on, i) => {
        pen.fillStyle = on === 1 ? '#fff' : '#000';
        pen.fillRect((i * 1280) / cells.length, y, 1280 / cells.length + 1, height);
      });
    };
    let frame = 0;
    const paint = () => {
      pen.fillStyle = '#fdfaf3';
      pen.fillRect(0, 0, 1280, 720);
      pen.fillStyle = '#1d2b53';
      pen.font = 'bold 56px sans-serif';
      pen.fillText('Плотность вещества', 120, 210);
      pen.font = '44px sans-serif';
      pen.fillText('ρ = m / V', 120, 310);
      pen.fillText('m = ρ · V', 120, 390);
      pen.fillText('V = m / ρ', 120, 470);
      const metals: [string, number, string][] = [
        ['Al', 2.7, '#9fb4c9'],
        ['Fe', 7.8, '#7d8aa0'],
        ['Cu', 8.9, '#c07f4f'],
        ['Pb', 11.3, '#5d6475'],
      ];
      metals.forEach(([name, density, colour], i) => {
        pen.fillStyle = colour;
        pen.fillRect(760 + i * 110, 560 - density * 30, 80, density * 30);
        pen.fillStyle = '#1d2b53';
        pen.font = '30px sans-serif';
        pen.fillText(name, 780 + i * 110, 605);
        pen.fillText(String(density).replace('.', ','), 775 + i * 110, 545 - density * 30);
      });
      const tall = 720 * facts.tall;
      const cells = facts.strips[frame++ % facts.strips.length] ?? [];
      strip(cells, 0, tall);
      strip(cells, 720 - tall, tall);
    };
    paint();
    const stream = screen.captureStream(facts.rate);
    const timer = setInterval(paint, 1000 / facts.rate);
    const [picture] = stream.getVideoTracks();
    const stop = picture?.stop.bind(picture);
    if (picture !== undefined && stop !== undefined) {
      picture.stop = () => {
        clearInterval(timer);
        stop();
      };
    }
    if (options?.audio) {
      const audio = new AudioContext();
      const sound = audio.createMediaStreamDestination();
      const tone = new OscillatorNode(audio, { frequency: facts.tone });
      tone.connect(new GainNode(audio, { gain: 0.2 })).connect(sound);
      tone.start();
      for (const track of sound.stream.getAudioTracks()) stream.addTrack(track);
    }
    return stream;
  };
}
