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
  timeZone: string;
  build: string;
  media: LocalMedia;
  /** Came by pressing Join: another tab of mine has to go. A reload only takes back its own place. */
  takeOver: boolean;
  onLeave: () => void;
}

/** A stay in the lesson: made on entering, ended on leaving, made anew when the person returns to this tab. */
export function Lesson({ id, title, timeZone, build, media, takeOver, onLeave }: Props) {
  const [attempt, setAttempt] = useState(0);
  const session = useStay({ id, build, media, takeOver }, attempt);
  if (!session) return <RoomRoot state="connecting" media="none" />;
  return (
    <RoomProvider session={session} media={media} timeZone={timeZone}>
      <Stay title={title} onJoin={() => setAttempt(attempt + 1)} onLeave={onLeave} />
    </RoomProvider>
  );
}

/** The session lives in an effect, so that leaving the page, by whatever way, leaves the room. */
function useStay(
  { id, build, media, takeOver }: Pick<Props, 'id' | 'build' | 'media' | 'takeOver'>,
  attempt: number,
): RoomSession | undefined {
  const [session, setSession] = useState<RoomSession | undefined>();
  useEffect(() => {
    const stay = new RoomSession({ lesson: id, build, media, probe: () => probe(id) });
    setInside(id);
    stay.join(takeOver || attempt > 0);
    setSession(stay);
    return () => stay.leave();
  }, [id, build, media, takeOver, attempt]);
  return session;
}

interface StayProps {
  title: string;
  onJoin: () => void;
  onLeave: () => void;
}

function Stay({ title, onJoin, onLeave }: StayProps) {
  const connection = useRoom((room) => room.connection);
  const media = useRoom((room) => room.media);
  const recorded = useRoom((room) => room.lesson?.recorded === true || room.recording.since !== undefined);
  const inside = connection.state === 'live' || connection.state === 'reconnecting';
  useEndedStay(connection.state);
  return (
    <RoomRoot state={connection.state} media={media}>
      {inside ? (
        <Inside onLeave={onLeave} />
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
