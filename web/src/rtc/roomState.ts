import type {
  LessonInfo,
  Occupant,
  Outsider,
  Participant,
  Permissions,
  Recording,
  RoomState as RoomPhase,
  SourceName,
  Speakers,
} from '@/protocol/generated.ts';
import type { ChatState } from './chatState.ts';
import type { DeviceProblem, Failure } from './errors.ts';

/** Where this tab stands. Everything but live and reconnecting replaces the room on the screen. */
export type Connection =
  | { readonly state: 'idle' }
  | { readonly state: 'connecting'; readonly slow: boolean }
  | { readonly state: 'waiting' }
  | { readonly state: 'live' }
  | { readonly state: 'reconnecting' }
  | { readonly state: 'elsewhere' }
  | { readonly state: 'removed' }
  | { readonly state: 'ended' }
  | { readonly state: 'left' }
  | { readonly state: 'upgraded' }
  | { readonly state: 'failed'; readonly failure: Failure };

/** What is going on with one source of mine. */
export type Own =
  | { readonly state: 'off'; readonly problem?: DeviceProblem }
  | { readonly state: 'starting' }
  | { readonly state: 'on' };

/** Something that happened, to be shown for a moment or only told to screen readers. */
export type Notice =
  | { readonly kind: 'joined' | 'left' | 'removed' | 'hand' | 'sharing'; readonly name: string }
  | { readonly kind: 'muted'; readonly by: string; readonly source: SourceName }
  | { readonly kind: 'refused'; readonly what: 'source' | 'hand' | 'moderate' | 'record' | 'end' }
  | { readonly kind: 'unplugged'; readonly source: 'microphone' | 'camera' }
  | { readonly kind: 'device'; readonly source: SourceName; readonly problem: DeviceProblem };

export type Numbered = { readonly id: number; readonly notice: Notice };

export interface Room {
  readonly connection: Connection;
  readonly lesson: LessonInfo | undefined;
  readonly phase: RoomPhase;
  readonly self: string;
  /** In the order of joining. */
  readonly people: readonly Participant[];
  readonly removed: readonly Outsider[];
  readonly chat: ChatState;
  readonly recording: Recording;
  readonly speakers: Speakers;
  readonly permissions: Permissions;
  /** By index of the m-line of the subscribe transport. */
  readonly slots: Readonly<Record<number, Occupant>>;
  /** Counts the subscribe transports: another number, other streams. */
  readonly subscription: number;
  readonly own: Readonly<Record<SourceName, Own>>;
  /** A newer client is on the server; the room works on. */
  readonly newBuild: boolean;
  /** The browser refuses to play sound until somebody touches the page. */
  readonly soundBlocked: boolean;
  /** The media transports, apart from the socket. */
  readonly media: 'none' | 'connecting' | 'connected' | 'failed';
  /** I speak and my microphone is off. */
  readonly talkingMuted: boolean;
  readonly notices: readonly Numbered[];
}

const off: Own = { state: 'off' };

export const emptyRoom: Room = {
  connection: { state: 'idle' },
  lesson: undefined,
  phase: { state: 'waiting' },
  self: '',
  people: [],
  removed: [],
  chat: { messages: [], outbox: [], more: true, unread: 0, open: false },
  recording: { state: 'off' },
  speakers: { active: '', speaking: [] },
  permissions: {
    speak: false,
    video: false,
    share: false,
    chat: false,
    moderate: false,
    record: false,
    end: false,
  },
  slots: {},
  subscription: 0,
  own: { microphone: off, camera: off, share: off, share_audio: off },
  newBuild: false,
  soundBlocked: false,
  media: 'none',
  talkingMuted: false,
  notices: [],
};

/** Me as the others see me, once inside. */
export function me(room: Room): Participant | undefined {
  return room.people.find((one) => one.id === room.self);
}

/** Everybody but me. */
export function others(room: Room): readonly Participant[] {
  return room.people.filter((one) => one.id !== room.self);
}

export function isStaff(one: Participant): boolean {
  return one.role === 'teacher' || one.role === 'admin';
}

/** Whether there is a tile for somebody: a device that only watches shows nothing, and is listed with the people. */
export function hasTile(one: Participant): boolean {
  return one.role !== 'device' || one.sources.length > 0;
}

/** Who shows a screen, me included. */
export function sharer(room: Room): Participant | undefined {
  return room.people.find((one) => one.sources.includes('share'));
}

/** The slot that carries a source of somebody, a stage or share slot before a tile. */
export function slotOf(room: Room, participant: string, source: SourceName): Occupant | undefined {
  return Object.values(room.slots).find((one) => one.participant === participant && one.source === source);
}

/** Those with a hand up, the longest waiting first. */
export function raisedHands(room: Room): readonly Participant[] {
  return room.people
    .filter((one) => one.handAt)
    .sort((a, b) => Date.parse(a.handAt ?? '') - Date.parse(b.handAt ?? ''));
}
