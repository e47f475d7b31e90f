import { describe, expect, it } from 'vitest';
import { cameraEncodings, fitEncodings, scalesFor, shareEncodings } from './encodings.ts';

describe('camera encodings', () => {
  it('have three layers with a scalability mode each', () => {
    expect(cameraEncodings().map((e) => [e.rid, e.scaleResolutionDownBy])).toEqual([
      ['q', 4],
      ['h', 2],
      ['f', 1],
    ]);
    for (const one of [...cameraEncodings(), ...shareEncodings()])
      expect(one).toHaveProperty('scalabilityMode');
  });

  it('always keep the full picture, however small the camera', () => {
    for (const height of [90, 180, 270, 360, 480, 540, 720, 1080]) {
      const kept = Object.values(scalesFor(height)).filter((scale) => scale !== null);
      expect(Math.min(...kept)).toBe(1);
      expect(height / Math.max(...kept)).toBeGreaterThanOrEqual(90);
    }
  });

  it('follow a change of camera both ways', () => {
    const encodings = cameraEncodings();
    expect(fitEncodings(encodings, 720)).toBe(false);
    expect(fitEncodings(encodings, 360)).toBe(true);
    expect(encodings.map((e) => [e.active, e.scaleResolutionDownBy])).toEqual([
      [true, 2],
      [true, 1],
      [false, 1],
    ]);
    expect(fitEncodings(encodings, 720)).toBe(true);
    expect(encodings).toEqual(cameraEncodings());
  });
});
