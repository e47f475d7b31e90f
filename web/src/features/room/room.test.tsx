import { describe, expect, it } from 'vitest';
import type { Occupant, Participant } from '@/protocol/generated.ts';
import { inOrder } from './panel/PeoplePanel.tsx';
import { pictureState } from './stage/usePicture.ts';

const at = '2026-09-01T08:30:00Z';

function person(name: string, change: Partial<Participant> = {}): Participant {
  return { id: name, name, role: 'student', sources: ['camera'], away: false, joinedAt: at, ...change };
}

const slot: Occupant = { slot: 7, participant: 'a', source: 'camera', undecodable: false, paused: false };

describe('what there is to see of somebody', () => {
  it.each([
    ['the picture', person('a'), slot, 'picture'],
    ['an avatar while the camera is off', person('a', { sources: [] }), slot, 'off'],
    ['why it cannot be decoded', person('a'), { ...slot, undecodable: true }, 'undecodable'],
    ['that the network has no room for it', person('a'), { ...slot, paused: true }, 'paused'],
    ['that they lost the connection', person('a', { away: true }), slot, 'away'],
    ['an avatar until a slot carries them', person('a'), undefined, 'coming'],
  ])('%s', (_, one, held, expected) => {
    const state = pictureState(one, 'camera', held);
    expect(state.kind === 'avatar' ? state.reason : state.kind).toBe(expected);
  });
});

it('lists hands first, in their order, then staff, then everybody by name', () => {
  const people = [
    person('Vera'),
    person('Boris'),
    person('Anna', { role: 'teacher' }),
    person('Late', { handAt: '2026-09-01T08:45:09Z' }),
    person('Early', { handAt: '2026-09-01T08:45:02Z' }),
  ];
  expect(inOrder(people).map((one) => one.name)).toEqual(['Early', 'Late', 'Anna', 'Boris', 'Vera']);
});
