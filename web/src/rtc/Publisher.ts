import type { SourceName } from '@/protocol/generated.ts';
import { codecName, inOurOrder, type VideoCodecName } from './capabilities.ts';
import { countNegotiation } from './debug.ts';
import { cameraEncodings, fitEncodings, shareEncodings } from './encodings.ts';
import { withOpus } from './sdp.ts';

/** The m-lines of a publish offer, in this order (sfu/media, Source). */
export const sources: readonly SourceName[] = ['microphone', 'camera', 'share', 'share_audio'];

/** Sends an offer to the server and brings its answer. */
export type Exchange = (sdp: string) => Promise<string>;

const hints: Readonly<Record<SourceName, string>> = {
  microphone: 'speech',
  camera: 'motion',
  share: 'detail',
  share_audio: 'music',
};

/**
 * One publish transport: one offer with four m-lines, and from then on only replaceTrack and setParameters. It does not
 * own the tracks. A failed one is closed and another made.
 */
export class Publisher {
  readonly connection: RTCPeerConnection;
  readonly #senders = new Map<SourceName, RTCRtpSender>();
  #codec: VideoCodecName;

  constructor(codec: VideoCodecName, iceServers: readonly RTCIceServer[]) {
    this.connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle', iceServers: [...iceServers] });
    this.#codec = codec;
    for (const source of sources) this.#senders.set(source, this.#addLine(source));
  }

  /** Offers once and takes the answer. */
  async start(exchange: Exchange): Promise<void> {
    countNegotiation();
    const offer = await this.connection.createOffer();
    const stereo = (mLine: number) => sources[mLine] === 'share_audio';
    const sdp = withOpus(offer.sdp ?? '', stereo);
    await this.connection.setLocalDescription({ type: 'offer', sdp });
    const answer = await exchange(sdp);
    countNegotiation();
    // What a sender may do with Opus is read from the answer.
    await this.connection.setRemoteDescription({ type: 'answer', sdp: withOpus(answer, stereo) });
    await this.setCodec(this.#codec);
  }

  /** Sends a track, or nothing. */
  async set(source: SourceName, track: MediaStreamTrack | null): Promise<void> {
    const sender = this.#senders.get(source);
    if (!sender || sender.track === track) return;
    if (track && 'contentHint' in track) track.contentHint = hints[source];
    await sender.replaceTrack(track);
    const height = track?.getSettings().height;
    if (source === 'camera' && height) await this.#fit(sender, height);
  }

  /**
   * Changes what video is coded in, without negotiation. False when this browser cannot do that: then another transport
   * has to offer the codec first.
   */
  async setCodec(name: VideoCodecName): Promise<boolean> {
    this.#codec = name;
    let done = true;
    for (const source of ['camera', 'share'] as const) {
      const sender = this.#senders.get(source);
      if (sender && !(await switchCodec(sender, name))) done = false;
    }
    return done;
  }

  close(): void {
    this.connection.close();
  }

  #addLine(source: SourceName): RTCRtpSender {
    const video = source === 'camera' || source === 'share';
    const sendEncodings =
      source === 'camera' ? cameraEncodings() : source === 'share' ? shareEncodings() : [];
    const transceiver = this.connection.addTransceiver(video ? 'video' : 'audio', {
      direction: 'sendonly',
      ...(video ? { sendEncodings } : {}),
    });
    if (video) {
      const codecs = inOurOrder(RTCRtpSender.getCapabilities('video')?.codecs ?? []);
      const first = codecs.filter((codec) => codecName(codec) === this.#codec);
      const order = [...first, ...codecs.filter((codec) => !first.includes(codec))];
      if (order.length > 0) transceiver.setCodecPreferences(order);
    }
    return transceiver.sender;
  }

  async #fit(sender: RTCRtpSender, height: number): Promise<void> {
    const parameters = sender.getParameters();
    if (fitEncodings(parameters.encodings, height)) await sender.setParameters(parameters);
  }
}

type WithCodec = RTCRtpEncodingParameters & { codec?: RTCRtpCodec };

async function switchCodec(sender: RTCRtpSender, name: VideoCodecName): Promise<boolean> {
  const parameters = sender.getParameters();
  const negotiated = parameters.codecs.filter((codec) => codecName(codec) !== undefined);
  const wanted = negotiated.find((codec) => codecName(codec) === name);
  if (!wanted) return true; // not ours to send: the best of what we have goes on
  const now = (parameters.encodings[0] as WithCodec | undefined)?.codec ?? negotiated[0];
  if (now && codecName(now) === name) return true;
  for (const encoding of parameters.encodings as WithCodec[]) encoding.codec = wanted;
  try {
    await sender.setParameters(parameters);
  } catch {
    return false;
  }
  return (sender.getParameters().encodings[0] as WithCodec | undefined)?.codec !== undefined;
}
