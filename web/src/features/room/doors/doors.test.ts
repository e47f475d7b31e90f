import { describe, expect, it } from 'vitest';
import type { Door } from '@/api/generated/types.gen.ts';
import type { Participant } from '@/protocol/generated.ts';
import { hasTile, isStaff } from '@/rtc/roomState.ts';
import { doorState } from './DoorRow.tsx';

const at = '2026-09-01T08:30:00Z';
const door: Door = {
  id: 'door',
  deviceId: 'device',
  name: 'Hall',
  kind: 'publish',
  madeByName: 'Anna',
  expiresAt: at,
  expired: false,
  connected: false,
  url: 'https://school.example/whip',
};

function device(...sources: Participant['sources'][number][]): Participant {
  return { id: 'device', name: 'Hall', role: 'device', sources, away: false, joinedAt: at };
}

describe('what a device does now', () => {
  it.each([
    ['not here yet', door, undefined, 'away'],
    ['never again', { ...door, expired: true }, undefined, 'expired'],
    ['both', door, device('microphone', 'camera'), 'sends'],
    ['a mixer', door, device('microphone'), 'sound'],
    ['a camera without sound', door, device('camera'), 'picture'],
    ['muted by staff', door, device(), 'silent'],
    ['a screen', { ...door, kind: 'watch' as const }, device(), 'watches'],
  ])('%s', (_, which, who, expected) => expect(doorState(which, who)).toBe(expected));
});

it('a device is no staff, and has a tile while it sends', () => {
  expect(isStaff(device('camera'))).toBe(false);
  expect([hasTile(device()), hasTile(device('microphone'))]).toEqual([false, true]);
});
