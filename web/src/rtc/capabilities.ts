import type { Capabilities, Decoder } from '@/protocol/generated.ts';

/** What we publish and watch, best first: everything replays H.264, few devices code AV1 cheaply. */
export const preferred = ['h264', 'vp9', 'av1', 'vp8'] as const;
export type VideoCodecName = (typeof preferred)[number];

/** The fields of RTCRtpCodec that decide. */
export interface CodecFacts {
  readonly mimeType: string;
  readonly sdpFmtpLine?: string;
}

/** The name of a codec that the server takes, or undefined: one profile of each (architecture, decision 2). */
export function codecName(codec: CodecFacts): VideoCodecName | undefined {
  const fmtp = (codec.sdpFmtpLine ?? '').toLowerCase();
  switch (codec.mimeType.toLowerCase()) {
    case 'video/h264':
      return fmtp.includes('profile-level-id=42e01f') && fmtp.includes('packetization-mode=1')
        ? 'h264'
        : undefined;
    case 'video/vp9':
      return /profile-id=[1-9]/.test(fmtp) ? undefined : 'vp9';
    case 'video/av1':
      return /(^|;)profile=[1-9]/.test(fmtp) ? undefined : 'av1';
    case 'video/vp8':
      return 'vp8';
    default:
      return undefined;
  }
}

/** The codecs to negotiate, in our order, with the retransmission formats; nothing else gets into the offer. */
export function inOurOrder<C extends CodecFacts>(codecs: readonly C[]): C[] {
  const ordered = preferred.flatMap((name) => codecs.filter((codec) => codecName(codec) === name));
  return [...ordered, ...codecs.filter((codec) => codec.mimeType.toLowerCase() === 'video/rtx')];
}

function names(codecs: readonly CodecFacts[]): VideoCodecName[] {
  const found = new Set(codecs.map(codecName));
  return preferred.filter((name) => found.has(name));
}

/** What hello states. A phone decodes AV1 in software: a few small ones at most. */
export function capabilities(
  decodable: readonly CodecFacts[],
  encodable: readonly CodecFacts[],
  phone: boolean,
): Capabilities {
  const decode: Decoder[] = names(decodable).map((codec) => ({
    codec,
    max: phone && codec === 'av1' ? 4 : 0,
    height: phone && codec === 'av1' ? 720 : 0,
  }));
  return { decode, encode: names(encodable) };
}

export function hasWebRTC(): boolean {
  return (
    typeof RTCPeerConnection === 'function' &&
    typeof RTCRtpReceiver.getCapabilities === 'function' &&
    typeof RTCRtpSender.getCapabilities === 'function'
  );
}

/** Asks this browser. */
export function browserCapabilities(): Capabilities {
  const decodable = RTCRtpReceiver.getCapabilities('video')?.codecs ?? [];
  const encodable = RTCRtpSender.getCapabilities('video')?.codecs ?? [];
  return capabilities(decodable, encodable, isPhone());
}

interface Screen {
  readonly coarse: boolean;
  readonly shortSide: number;
  readonly agent: string;
}

/** Small and touched: a phone, whatever way it is held. A tablet counts as a desktop. */
export function looksLikePhone({ coarse, shortSide, agent }: Screen): boolean {
  return coarse && (shortSide < 600 || /\bMobile\b.*Firefox|iPhone/.test(agent));
}

export function isPhone(): boolean {
  return looksLikePhone({
    coarse: matchMedia('(pointer: coarse)').matches,
    shortSide: Math.min(window.screen.width, window.screen.height),
    agent: navigator.userAgent,
  });
}

/** How many tiles to subscribe: a phone with a weak processor gets four. */
export function tileSlots(phone: boolean, cores: number): number {
  if (!phone) return 24;
  return cores >= 6 ? 9 : 4;
}

/** Phones have no getDisplayMedia, or one that always refuses. */
export function canShare(): boolean {
  return !isPhone() && typeof navigator.mediaDevices?.getDisplayMedia === 'function';
}
