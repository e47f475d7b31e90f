import { beforeEach, describe, expect, it, vi } from 'vitest';
import { commandOf, isTaken } from './keys.ts';
import { Player } from './Player.ts';

const press = (code: string, over: Partial<KeyboardEvent> = {}) =>
  commandOf({ code, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...over });

describe('keys', () => {
  it.each([
    ['Space', { kind: 'toggle' }],
    ['KeyK', { kind: 'toggle' }],
    ['KeyJ', { kind: 'jump', by: -10 }],
    ['KeyL', { kind: 'jump', by: 10 }],
    ['ArrowLeft', { kind: 'jump', by: -5 }],
    ['ArrowRight', { kind: 'jump', by: 5 }],
    ['KeyM', { kind: 'mute' }],
    ['KeyF', { kind: 'fullscreen' }],
    ['Digit0', { kind: 'goTo', fraction: 0 }],
    ['Digit9', { kind: 'goTo', fraction: 0.9 }],
    ['Numpad5', { kind: 'goTo', fraction: 0.5 }],
  ])('%s', (code, command) => expect(press(code)).toEqual(command));

  it('< and > change the speed', () => {
    expect(press('Comma', { shiftKey: true })).toEqual({ kind: 'faster', steps: -1 });
    expect(press('Period', { shiftKey: true })).toEqual({ kind: 'faster', steps: 1 });
    expect(press('Period')).toBeUndefined();
  });

  it('leaves the browser its own', () => {
    expect(press('KeyF', { ctrlKey: true })).toBeUndefined();
    expect(press('KeyL', { metaKey: true })).toBeUndefined();
    expect(press('ArrowLeft', { altKey: true })).toBeUndefined();
    expect(press('KeyQ')).toBeUndefined();
  });

  it('leaves keys to whoever types or presses a button', () => {
    document.body.innerHTML =
      '<input id="i"><button id="b"><b id="in"></b></button><input id="t" type="range" data-timeline>';
    const of = (id: string) => document.getElementById(id);
    expect(isTaken(of('i'), 'KeyK')).toBe(true);
    expect(isTaken(of('in'), 'Space')).toBe(true);
    expect(isTaken(of('b'), 'KeyK')).toBe(false);
    expect(isTaken(of('t'), 'ArrowLeft')).toBe(false);
    expect(isTaken(document.body, 'Space')).toBe(false);
  });
});

describe('Player', () => {
  let video: HTMLVideoElement;
  let player: Player;

  beforeEach(() => {
    video = document.createElement('video');
    Object.defineProperty(video, 'duration', { value: 100, configurable: true });
    player = new Player(video, document.createElement('div'));
    video.dispatchEvent(new Event('durationchange'));
  });

  it('stays within the recording', () => {
    player.seek(500);
    expect(video.currentTime).toBeCloseTo(99.9);
    player.run({ kind: 'jump', by: -500 });
    expect(video.currentTime).toBe(0);
    player.run({ kind: 'goTo', fraction: 0.5 });
    expect(video.currentTime).toBe(50);
  });

  it('takes what can be reached for the length while a lesson runs', () => {
    Object.defineProperty(video, 'duration', { value: Number.POSITIVE_INFINITY });
    Object.defineProperty(video, 'seekable', { value: { length: 1, start: () => 0, end: () => 42 } });
    video.dispatchEvent(new Event('durationchange'));
    expect(player.state().duration).toBe(42);
  });

  it('goes through the speeds, and keeps the pitch', () => {
    player.run({ kind: 'faster', steps: 1 });
    expect(video.playbackRate).toBe(1.25);
    player.setRate(2.5);
    player.run({ kind: 'faster', steps: 1 });
    expect(video.playbackRate).toBe(2.5);
    player.setRate(0.5);
    player.run({ kind: 'faster', steps: -1 });
    expect(video.playbackRate).toBe(0.5);
    expect(video.preservesPitch).toBe(true);
  });

  it('is silent at no volume and heard again above it', () => {
    player.setVolume(0.02);
    player.run({ kind: 'louder', by: -0.05 });
    expect(video.muted).toBe(true);
    player.run({ kind: 'louder', by: 0.05 });
    expect(video.muted).toBe(false);
    expect(video.volume).toBeCloseTo(0.05);
  });

  it('lives with a browser that refuses to begin by itself', async () => {
    vi.spyOn(video, 'play').mockRejectedValue(new DOMException('no', 'NotAllowedError'));
    await expect(player.play()).resolves.toBe(false);
    expect(player.state().paused).toBe(true);
  });

  it('says nothing after it is closed', () => {
    const heard = vi.fn();
    player.subscribe(heard);
    player.close();
    video.dispatchEvent(new Event('timeupdate'));
    expect(heard).not.toHaveBeenCalled();
  });
});
