import { beforeEach, expect, it, vi } from 'vitest';
import type { SetView } from '@/protocol/generated.ts';
import { HandClock } from './testing.ts';
import { ViewTracker } from './viewTracker.ts';

let sent: SetView[];
let clock: HandClock;
let resize: (element: Element, width: number, height: number) => void;

beforeEach(() => {
  sent = [];
  clock = new HandClock();
  vi.stubGlobal(
    'ResizeObserver',
    class {
      constructor(
        callback: (entries: { target: Element; contentRect: { width: number; height: number } }[]) => void,
      ) {
        resize = (target, width, height) => callback([{ target, contentRect: { width, height } }]);
      }
      observe() {}
      unobserve() {}
      disconnect() {}
    },
  );
});

function box(width: number, height: number): Element {
  const element = document.createElement('div');
  element.getBoundingClientRect = () => new DOMRect(0, 0, width, height);
  return element;
}

const tracker = () => new ViewTracker((view) => sent.push(view), clock);
const settled = async () => {
  await Promise.resolve();
  clock.pass(200);
};

it('tells at once what is shown, and once', async () => {
  const view = tracker();
  view.observe(box(320, 180), { kind: 'tile', participant: 'a' }, 'cover');
  view.observe(box(1280, 720), { kind: 'share' }, 'contain');
  await Promise.resolve();
  expect(sent).toEqual([
    { stage: '', stageHeight: 0, shareHeight: 720, tiles: [{ participant: 'a', height: 180 }] },
  ]);
  await settled();
  expect(sent).toHaveLength(1);
});

it('tells a burst of sizes as one, within 150 ms', async () => {
  const view = tracker();
  const tile = box(320, 180);
  view.observe(tile, { kind: 'tile', participant: 'a' }, 'cover');
  await Promise.resolve();
  for (let i = 1; i <= 30; i += 1) resize(tile, 320 + i * 16, 180 + i * 9);
  clock.pass(150);
  expect(sent.map((one) => one.tiles[0]?.height)).toEqual([180, 450]);
});

it('asks the stage slot for whom the server shows there, and a tile for anybody else', async () => {
  const view = tracker();
  view.observe(box(1280, 720), { kind: 'stage', participant: 'a' }, 'contain');
  await settled();
  expect(sent.at(-1)?.tiles).toEqual([{ participant: 'a', height: 720 }]);
  view.stage('', 'a');
  await settled();
  expect(sent.at(-1)).toEqual({ stage: '', stageHeight: 720, shareHeight: 0, tiles: [] });
  view.stage('a', 'b');
  await settled();
  expect(sent.at(-1)).toMatchObject({ stage: 'a', tiles: [] });
});

it('says when something is gone, repeats on demand, and is quiet after the end', async () => {
  const view = tracker();
  const stop = view.observe(box(320, 180), { kind: 'tile', participant: 'a' }, 'cover');
  await settled();
  stop();
  await settled();
  expect(sent.at(-1)?.tiles).toEqual([]);
  view.repeat();
  await settled();
  expect(sent).toHaveLength(3);
  view.repeat();
  view.close();
  await settled();
  expect(sent).toHaveLength(3);
});
