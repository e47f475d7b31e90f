import { describe, expect, it } from 'vitest';
import { withOpus } from './sdp.ts';

const sdp = [
  'v=0',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'a=rtpmap:111 opus/48000/2',
  'a=fmtp:111 minptime=10;useinbandfec=1',
  'm=video 9 UDP/TLS/RTP/SAVPF 108',
  'a=fmtp:108 profile-level-id=42e01f',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'a=rtpmap:111 opus/48000/2',
  '',
].join('\r\n');

describe('withOpus', () => {
  const lines = withOpus(sdp, (mLine) => mLine === 2).split('\r\n');

  it('asks for repair and cheap silence, and keeps the rest', () => {
    expect(lines[3]).toBe('a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1');
  });

  it('is stereo only where asked, also where there was no line', () => {
    expect(lines[8]).toBe('a=fmtp:111 useinbandfec=1;usedtx=1;stereo=1;sprop-stereo=1');
  });

  it('leaves pictures alone', () => {
    expect(lines[5]).toBe('a=fmtp:108 profile-level-id=42e01f');
  });

  it('changes nothing the second time', () => {
    const once = withOpus(sdp, () => true);
    expect(withOpus(once, () => true)).toBe(once);
  });
});
