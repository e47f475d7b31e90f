import type { Subscribe } from '@/protocol/generated.ts';
import { inOurOrder } from './capabilities.ts';
import { countNegotiation } from './debug.ts';
import type { Exchange } from './Publisher.ts';
import { withOpus } from './sdp.ts';

export type SlotKind = Subscribe['slots'][number];

/** The kind of each m-line of a subscribe offer: both pairs, three voices, n tiles. */
export function slotKinds(tiles: number): readonly SlotKind[] {
  const voices: SlotKind[] = ['voice', 'voice', 'voice'];
  const small: SlotKind[] = Array.from({ length: tiles }, () => 'tile');
  return ['stage_video', 'stage_voice', 'share_video', 'share_audio', ...voices, ...small];
}

export function isSound(kind: SlotKind): boolean {
  return kind === 'stage_voice' || kind === 'share_audio' || kind === 'voice';
}

/**
 * One subscribe transport: one offer of receive-only slots. The track of a slot never changes; whom it shows does, and
 * the server says so. A slot is named by the index of its m-line.
 */
export class Subscriber {
  readonly connection: RTCPeerConnection;
  readonly kinds: readonly SlotKind[];
  readonly #streams: readonly MediaStream[];

  constructor(kinds: readonly SlotKind[], iceServers: readonly RTCIceServer[]) {
    this.connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle', iceServers: [...iceServers] });
    this.kinds = kinds;
    this.#streams = kinds.map((kind) => new MediaStream([this.#addLine(kind)]));
  }

  /** Offers once and takes the answer. */
  async start(exchange: Exchange): Promise<void> {
    countNegotiation();
    const offer = await this.connection.createOffer();
    // A receiver decodes stereo only if its own offer says so (RFC 7587, section 6.1).
    const sdp = withOpus(offer.sdp ?? '', (mLine) => this.kinds[mLine] === 'share_audio');
    await this.connection.setLocalDescription({ type: 'offer', sdp });
    const answer = await exchange(sdp);
    countNegotiation();
    await this.connection.setRemoteDescription({ type: 'answer', sdp: answer });
  }

  /** The picture or sound of a slot, to give to an element; the same object as long as the transport lives. */
  stream(slot: number): MediaStream | undefined {
    return this.#streams[slot];
  }

  close(): void {
    this.connection.close();
  }

  #addLine(kind: SlotKind): MediaStreamTrack {
    const transceiver = this.connection.addTransceiver(isSound(kind) ? 'audio' : 'video', {
      direction: 'recvonly',
    });
    if (!isSound(kind)) {
      const codecs = inOurOrder(RTCRtpReceiver.getCapabilities('video')?.codecs ?? []);
      if (codecs.length > 0) transceiver.setCodecPreferences(codecs);
    }
    return transceiver.receiver.track;
  }
}
