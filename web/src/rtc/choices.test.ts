import { describe, expect, it } from 'vitest';
import {
  firstChoices,
  isInside,
  loadChoices,
  parseChoices,
  saveChoices,
  setInside,
  tabId,
} from './choices.ts';

describe('choices', () => {
  it('are kept', () => {
    saveChoices({ ...firstChoices, camera: 'c1', cameraOn: false });
    expect(loadChoices()).toEqual({ ...firstChoices, camera: 'c1', cameraOn: false });
  });

  it.each([null, 'nonsense', '7', 'null', '{"camera":7,"sound":"loud","cameraOn":"yes"}'])(
    'survive what is not theirs: %s',
    (text) => expect(parseChoices(text)).toEqual(firstChoices),
  );
});

it('a tab knows that it is inside, and its name survives a reload', () => {
  setInside('l1');
  expect([isInside('l1'), isInside('l2')]).toEqual([true, false]);
  setInside(null);
  expect(isInside('l1')).toBe(false);
  expect(tabId()).toBe(tabId());
  expect(tabId()).toMatch(/^[0-9a-f]{32}$/);
});
