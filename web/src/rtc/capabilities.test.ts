import { describe, expect, it } from 'vitest';
import { capabilities, codecName, inOurOrder, looksLikePhone, tileSlots } from './capabilities.ts';

// As Chromium 156 lists them.
const chromium = [
  { mimeType: 'video/VP8' },
  { mimeType: 'video/rtx' },
  { mimeType: 'video/VP9', sdpFmtpLine: 'profile-id=0' },
  { mimeType: 'video/VP9', sdpFmtpLine: 'profile-id=2' },
  h264('42001f', 1),
  h264('42e01f', 0),
  h264('42e01f', 1),
  h264('4d001f', 1),
  { mimeType: 'video/AV1', sdpFmtpLine: 'level-idx=5;profile=0;tier=0' },
  { mimeType: 'video/AV1', sdpFmtpLine: 'level-idx=5;profile=1;tier=0' },
  { mimeType: 'video/ulpfec' },
];

function h264(profile: string, mode: number) {
  return {
    mimeType: 'video/H264',
    sdpFmtpLine: `level-asymmetry-allowed=1;packetization-mode=${mode};profile-level-id=${profile}`,
  };
}

describe('codecName', () => {
  it('takes one profile of each codec', () => {
    expect(chromium.map(codecName).filter(Boolean)).toEqual(['vp8', 'vp9', 'h264', 'av1']);
  });
});

describe('inOurOrder', () => {
  it('offers H.264 first and keeps retransmission', () => {
    expect(inOurOrder(chromium).map((c) => c.mimeType)).toEqual([
      'video/H264',
      'video/VP9',
      'video/AV1',
      'video/VP8',
      'video/rtx',
    ]);
  });
});

describe('capabilities', () => {
  it('says what a browser without H.264 can do', () => {
    const firefox = chromium.filter((c) => c.mimeType !== 'video/H264');
    const said = capabilities(firefox, firefox, false);
    expect(said.decode.map((d) => d.codec)).toEqual(['vp9', 'av1', 'vp8']);
    expect(said.encode).toEqual(['vp9', 'av1', 'vp8']);
    expect(said.decode.every((d) => d.max === 0)).toBe(true);
  });

  it('limits AV1 on a phone', () => {
    expect(capabilities(chromium, chromium, true).decode).toContainEqual({
      codec: 'av1',
      max: 4,
      height: 720,
    });
  });
});

describe('a phone', () => {
  const chrome = 'Mozilla/5.0 (Linux; Android 14) Mobile Safari/537.36';
  it('is small and touched', () => {
    expect(looksLikePhone({ coarse: true, shortSide: 360, agent: chrome })).toBe(true);
    expect(looksLikePhone({ coarse: true, shortSide: 800, agent: chrome })).toBe(false);
    expect(looksLikePhone({ coarse: false, shortSide: 360, agent: chrome })).toBe(false);
  });
  it('gets as many tiles as it can decode', () => {
    expect([tileSlots(false, 2), tileSlots(true, 8), tileSlots(true, 4)]).toEqual([24, 9, 4]);
  });
});
