/** One layer of a camera; bitrates in bit/s. */
interface Layer {
  readonly rid: 'q' | 'h' | 'f';
  readonly scale: number;
  readonly maxBitrate: number;
}

const layers: readonly Layer[] = [
  { rid: 'q', scale: 4, maxBitrate: 150_000 },
  { rid: 'h', scale: 2, maxBitrate: 500_000 },
  { rid: 'f', scale: 1, maxBitrate: 1_700_000 },
];

/**
 * What a camera is offered with, before its height is known. Without a scalabilityMode on every encoding Chromium sends
 * one layer only in VP9 and AV1.
 */
export function cameraEncodings(): RTCRtpEncodingParameters[] {
  return layers.map(({ rid, scale, maxBitrate }) => ({
    rid,
    active: true,
    scaleResolutionDownBy: scale,
    maxBitrate,
    scalabilityMode: 'L1T2',
  }));
}

/** A shared screen is one sharp picture. */
export function shareEncodings(): RTCRtpEncodingParameters[] {
  const encoding = { active: true, maxBitrate: 2_500_000, scalabilityMode: 'L1T1' };
  return [encoding];
}

/**
 * The scales for a picture that is `height` pixels tall; null switches the layer off. For a small camera Chromium keeps
 * fewer layers and drops the last ones, which would be the best picture: so the lower rids take over the upper scales.
 */
export function scalesFor(height: number): Readonly<Record<string, number | null>> {
  if (height >= 540) return { q: 4, h: 2, f: 1 };
  if (height >= 270) return { q: 2, h: 1, f: null };
  return { q: 1, h: null, f: null };
}

/** Sets the scales of a sender's parameters in place; true when something changed. */
export function fitEncodings(encodings: readonly RTCRtpEncodingParameters[], height: number): boolean {
  const scales = scalesFor(height);
  let changed = false;
  for (const encoding of encodings) {
    if (!encoding.rid || !(encoding.rid in scales)) continue;
    const scale = scales[encoding.rid] ?? null;
    const active = scale !== null;
    if (encoding.active !== active || (active && encoding.scaleResolutionDownBy !== scale)) changed = true;
    encoding.active = active;
    if (scale !== null) encoding.scaleResolutionDownBy = scale;
  }
  return changed;
}
