import type { Participant, ServerEvent, SourceName, Welcome } from '@/protocol/generated.ts';
import { assertNever } from './assertNever.ts';
import { merge } from './chatState.ts';
import { type Connection, emptyRoom, type Notice, type Own, type Room } from './roomState.ts';

const keptNotices = 20;
let lastNotice = 0;

export function withNotice(room: Room, notice: Notice): Room {
  lastNotice += 1;
  return { ...room, notices: [...room.notices.slice(1 - keptNotices), { id: lastNotice, notice }] };
}

export function withConnection(room: Room, connection: Connection): Room {
  return { ...room, connection };
}

export function withOwn(room: Room, source: SourceName, own: Own): Room {
  return { ...room, own: { ...room.own, [source]: own } };
}

function phaseToConnection(phase: Room['phase']): Connection {
  switch (phase.state) {
    case 'waiting':
      return { state: 'waiting' };
    case 'live':
      return { state: 'live' };
    case 'ended':
      return { state: 'ended' };
    default:
      return assertNever(phase.state);
  }
}

/** The whole state as the server tells it; what is mine alone (devices, the outbox) stays. */
export function welcomed(room: Room, welcome: Welcome): Room {
  if (welcome.resumed) return { ...room, connection: phaseToConnection(room.phase) };
  const again = room.self === welcome.self;
  const chat = again ? room.chat : emptyRoom.chat;
  return {
    ...room,
    connection: phaseToConnection(welcome.room),
    lesson: welcome.lesson,
    phase: welcome.room,
    self: welcome.self,
    people: byJoining(welcome.people),
    removed: welcome.removed,
    chat: again
      ? merge(chat, welcome.chat, welcome.self)
      : { ...chat, messages: welcome.chat, unread: 0, more: welcome.chat.length > 0 },
    recording: welcome.recording,
    speakers: welcome.speakers,
    permissions: welcome.permissions,
    slots: {},
  };
}

function byJoining(people: readonly Participant[]): readonly Participant[] {
  return [...people].sort((a, b) => Date.parse(a.joinedAt) - Date.parse(b.joinedAt));
}

function participantChanged(room: Room, now: Participant): Room {
  const before = room.people.find((one) => one.id === now.id);
  const people = before
    ? room.people.map((one) => (one.id === now.id ? now : one))
    : byJoining([...room.people, now]);
  let next: Room = { ...room, people };
  if (now.id === room.self) return next;
  if (!before) next = withNotice(next, { kind: 'joined', name: now.name });
  if (now.handAt && !before?.handAt) next = withNotice(next, { kind: 'hand', name: now.name });
  if (now.sources.includes('share') && !before?.sources.includes('share')) {
    next = withNotice(next, { kind: 'sharing', name: now.name });
  }
  return next;
}

function participantLeft(room: Room, id: string, reason: 'left' | 'lost' | 'removed'): Room {
  const gone = room.people.find((one) => one.id === id);
  if (!gone) return room;
  const next = { ...room, people: room.people.filter((one) => one.id !== id) };
  return withNotice(next, { kind: reason === 'removed' ? 'removed' : 'left', name: gone.name });
}

function slotsChanged(room: Room, changed: readonly Room['slots'][number][]): Room {
  const slots = { ...room.slots };
  for (const one of changed) {
    if (one.participant) slots[one.slot] = one;
    else delete slots[one.slot];
  }
  return { ...room, slots };
}

/** What one event of the server does to the room. Transports and codecs are the session's business. */
export function happened(room: Room, event: ServerEvent): Room {
  switch (event.t) {
    case 'room': {
      const next = { ...room, phase: event.d };
      const follows = room.connection.state === 'waiting' || room.connection.state === 'live';
      return follows ? withConnection(next, phaseToConnection(event.d)) : next;
    }
    case 'participant':
      return participantChanged(room, event.d);
    case 'participant_left':
      return participantLeft(room, event.d.id, event.d.reason);
    case 'removed':
      return { ...room, removed: event.d.people };
    case 'slots':
      return slotsChanged(room, event.d.slots);
    case 'speakers':
      return { ...room, speakers: event.d };
    case 'chat':
      return { ...room, chat: merge(room.chat, [event.d], room.self) };
    case 'recording':
      return { ...room, recording: event.d };
    case 'muted':
      return withNotice(withOwn(room, event.d.source, { state: 'off' }), { kind: 'muted', ...event.d });
    case 'permissions':
      return { ...room, permissions: event.d };
    case 'codec':
    case 'transport':
    case 'bye':
      return room;
    default:
      return assertNever(event);
  }
}
