import { isPhone } from './capabilities.ts';
import type { Choices } from './choices.ts';

export type DeviceKind = 'microphone' | 'camera' | 'speaker';

export interface Device {
  readonly id: string;
  /** As the system names it; empty until a permission is given. */
  readonly label: string;
}

export type Devices = Readonly<Record<DeviceKind, readonly Device[]>>;

export const noDevices: Devices = { microphone: [], camera: [], speaker: [] };

const kinds: Readonly<Record<MediaDeviceKind, DeviceKind>> = {
  audioinput: 'microphone',
  videoinput: 'camera',
  audiooutput: 'speaker',
};

/** Sorts what enumerateDevices tells; without permission it tells only nameless placeholders. */
export function sortDevices(found: readonly Pick<MediaDeviceInfo, 'kind' | 'deviceId' | 'label'>[]): Devices {
  const sorted: Record<DeviceKind, Device[]> = { microphone: [], camera: [], speaker: [] };
  for (const { kind, deviceId, label } of found) {
    if (deviceId === '' || deviceId === 'default' || deviceId === 'communications') continue;
    sorted[kinds[kind]].push({ id: deviceId, label });
  }
  return sorted;
}

export async function listDevices(): Promise<Devices> {
  try {
    return sortDevices((await navigator.mediaDevices?.enumerateDevices()) ?? []);
  } catch {
    return noDevices;
  }
}

export function canChooseSpeaker(): boolean {
  return 'setSinkId' in HTMLMediaElement.prototype;
}

/** What to ask of getUserMedia. A device that is gone is no reason to fail: the id is a wish. */
export function constraintsFor(source: 'microphone' | 'camera', choices: Choices): MediaStreamConstraints {
  const id = choices[source];
  const wish = id ? { deviceId: { ideal: id } } : {};
  if (source === 'microphone') {
    const clean = choices.sound === 'speech';
    return {
      audio: {
        ...wish,
        echoCancellation: clean,
        noiseSuppression: clean,
        autoGainControl: clean,
        channelCount: { ideal: clean ? 1 : 2 },
      },
    };
  }
  const phone = isPhone();
  return {
    video: {
      ...wish,
      ...(id || !phone ? {} : { facingMode: 'user' }),
      width: { ideal: phone ? 640 : 1280 },
      height: { ideal: phone ? 360 : 720 },
      frameRate: { ideal: 30, max: 30 },
    },
  };
}
