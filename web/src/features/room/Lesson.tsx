import { useEffect, useState } from 'react';
import { setInside } from '@/rtc/choices.ts';
import type { LocalMedia } from '@/rtc/LocalMedia.ts';
import { RoomSession } from '@/rtc/RoomSession.ts';
import { Gate } from './Gate.tsx';
import { Inside } from './Inside.tsx';
import { probe } from './probe.ts';
import { RoomRoot } from './RoomRoot.tsx';
import { RoomProvider, useRoom } from './roomContext.tsx';

interface Props {
  id: string;
  title: string;
  timeZone?: string | undefined;
  media: LocalMedia;
  onLeave: () => void;
}

/** A stay in the lesson: made on entering, ended on leaving, made anew when the person returns to this tab. */
export function Lesson({ id, title, timeZone, media, onLeave }: Props) {
  const [attempt, setAttempt] = useState(0);
  const session = useStay(id, media, attempt);
  if (!session) return <RoomRoot state="connecting" media="none" />;
  return (
    <RoomProvider session={session} media={media}>
      <Stay title={title} timeZone={timeZone} onJoin={() => setAttempt(attempt + 1)} onLeave={onLeave} />
    </RoomProvider>
  );
}

/** The session lives in an effect, so that leaving the page, by whatever way, leaves the room. */
function useStay(id: string, media: LocalMedia, attempt: number): RoomSession | undefined {
  const [session, setSession] = useState<RoomSession | undefined>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt is another stay
  useEffect(() => {
    const stay = new RoomSession({ lesson: id, media, probe: () => probe(id) });
    setInside(id);
    stay.join(true);
    setSession(stay);
    return () => stay.leave();
  }, [id, media, attempt]);
  return session;
}

interface StayProps {
  title: string;
  timeZone: string | undefined;
  onJoin: () => void;
  onLeave: () => void;
}

function Stay({ title, timeZone, onJoin, onLeave }: StayProps) {
  const connection = useRoom((room) => room.connection);
  const media = useRoom((room) => room.media);
  const recorded = useRoom((room) => room.lesson?.recorded === true || room.recording.since !== undefined);
  const inside = connection.state === 'live' || connection.state === 'reconnecting';
  useEndedStay(connection.state);
  return (
    <RoomRoot state={connection.state} media={media}>
      {inside ? (
        <Inside timeZone={timeZone} onLeave={onLeave} />
      ) : (
        <Gate connection={connection} title={title} recorded={recorded} onJoin={onJoin} onLeave={onLeave} />
      )}
    </RoomRoot>
  );
}

/** After the end a reload shows the green room or what the page says then, not an attempt to get back in. */
function useEndedStay(state: string): void {
  useEffect(() => {
    if (state === 'ended' || state === 'removed' || state === 'failed') setInside(null);
  }, [state]);
}
