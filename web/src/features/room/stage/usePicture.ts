import { useEffect, useRef } from 'react';
import type { Occupant, Participant, SourceName } from '@/protocol/generated.ts';
import type { Room } from '@/rtc/roomState.ts';
import type { Shown } from '@/rtc/viewTracker.ts';
import { useRoom, useSession } from '../roomContext.tsx';

/** Why a tile shows an avatar instead of a picture. */
export type Reason = 'off' | 'undecodable' | 'away' | 'paused' | 'coming';

/** Those that are said in words: waiting and being off explain themselves. */
export const told = ['undecodable', 'away', 'paused'] as const satisfies readonly Reason[];

export type Told = (typeof told)[number];

export function isTold(reason: string): reason is Told {
  return told.some((one) => one === reason);
}

export type PictureState =
  | { readonly kind: 'picture'; readonly slot: Occupant }
  | { readonly kind: 'avatar'; readonly reason: Reason };

const stageSlot = 0; // the first m-line of a subscribe offer

function find(room: Room, participant: string, source: SourceName, onStage: boolean): Occupant | undefined {
  const held = Object.values(room.slots).filter(
    (one) => one.participant === participant && one.source === source,
  );
  return held.find((one) => (one.slot === stageSlot) === onStage) ?? held[0];
}

export function pictureState(one: Participant, source: SourceName, slot: Occupant | undefined): PictureState {
  if (!one.sources.includes(source)) return { kind: 'avatar', reason: 'off' };
  if (one.away) return { kind: 'avatar', reason: 'away' };
  if (slot?.undecodable) return { kind: 'avatar', reason: 'undecodable' };
  if (slot?.paused) return { kind: 'avatar', reason: 'paused' };
  if (!slot) return { kind: 'avatar', reason: 'coming' };
  return { kind: 'picture', slot };
}

/** What there is to see of somebody's source. */
export function usePicture(one: Participant, source: 'camera' | 'share', onStage = false): PictureState {
  const slot = useRoom((room) => find(room, one.id, source, onStage));
  return pictureState(one, source, slot);
}

/** Asks the server for what an element shows, in the size that it has. */
export function useShown(shown: Shown, fit: 'cover' | 'contain') {
  const session = useSession();
  const ref = useRef<HTMLDivElement>(null);
  const { kind } = shown;
  const participant = shown.kind === 'share' ? '' : shown.participant;
  useEffect(() => {
    if (!ref.current) return undefined;
    const what: Shown = kind === 'share' ? { kind } : { kind, participant };
    return session.view.observe(ref.current, what, fit);
  }, [session, kind, participant, fit]);
  return ref;
}
