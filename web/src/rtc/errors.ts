import type { ProblemCode } from '@/protocol/generated.ts';

/**
 * Why a microphone, camera or screen could not be had. denied: the person or the system said no. missing: there is
 * none. busy: another program has it. insecure: the page was not opened by https. unsupported: the browser cannot.
 */
export type DeviceProblemKind = 'denied' | 'missing' | 'busy' | 'insecure' | 'unsupported' | 'unknown';

export interface DeviceProblem {
  readonly kind: DeviceProblemKind;
  /** For developers; never shown as the only text. */
  readonly detail: string;
}

const kinds: Readonly<Record<string, DeviceProblemKind>> = {
  NotAllowedError: 'denied',
  PermissionDeniedError: 'denied', // older Chromium
  SecurityError: 'denied',
  NotFoundError: 'missing',
  DevicesNotFoundError: 'missing', // older Chromium
  OverconstrainedError: 'missing',
  NotReadableError: 'busy',
  TrackStartError: 'busy', // older Chromium
  AbortError: 'busy', // Firefox when the device fails to start
};

/** Maps what getUserMedia and getDisplayMedia throw; `secure` is window.isSecureContext. */
export function deviceProblem(failure: unknown, secure: boolean): DeviceProblem {
  const name = failure instanceof Error || failure instanceof DOMException ? failure.name : '';
  const detail = failure instanceof Error ? `${name}: ${failure.message}` : String(failure);
  if (!secure) return { kind: 'insecure', detail };
  return { kind: kinds[name] ?? 'unknown', detail };
}

/** Why a request had no good answer. lost: the socket went away. late: no answer in time. */
export type RequestProblemKind = ProblemCode | 'lost' | 'late';

export class RequestError extends Error {
  readonly kind: RequestProblemKind;
  readonly detail: string;
  /** Seconds, when the server asked for patience. */
  readonly retryAfter: number;

  constructor(kind: RequestProblemKind, detail: string, retryAfter = 0) {
    super(`${kind}: ${detail}`);
    this.name = 'RequestError';
    this.kind = kind;
    this.detail = detail;
    this.retryAfter = retryAfter;
  }
}

/** Why the room cannot be entered at all. */
export interface Failure {
  readonly kind: 'no_webrtc' | 'not_allowed' | 'signed_out' | 'protocol' | 'unavailable';
  readonly detail: string;
}
