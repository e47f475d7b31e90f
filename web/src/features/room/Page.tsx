import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { lessonQuery, meQuery } from '@/api/queries.ts';
import { Failure } from '@/parts/Failure.tsx';
import { isInside, setInside } from '@/rtc/choices.ts';
import { LocalMedia } from '@/rtc/LocalMedia.ts';
import { Gate } from './Gate.tsx';
import { GreenRoom } from './green/GreenRoom.tsx';
import { Lesson } from './Lesson.tsx';
import { RoomRoot } from './RoomRoot.tsx';

const connecting = { state: 'connecting', slow: false } as const;

/** The devices of this page: they survive going in and returning, and are let go with the page. */
function useLocalMedia(preview: boolean): LocalMedia | undefined {
  const [media, setMedia] = useState<LocalMedia | undefined>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: whether there is a preview is asked once, at the start
  useEffect(() => {
    const local = new LocalMedia();
    const { microphoneOn, cameraOn } = local.get().choices;
    if (preview && microphoneOn) void local.open('microphone');
    if (preview && cameraOn) void local.open('camera');
    setMedia(local);
    return () => local.close();
  }, []);
  return media;
}

/** A lesson: the green room first, unless this tab was inside already and was only reloaded. */
export default function Page() {
  const { id = '' } = useParams({ strict: false });
  const navigate = useNavigate();
  const [reloaded] = useState(() => isInside(id));
  const [entered, setEntered] = useState(false);
  const inside = reloaded || entered;
  const media = useLocalMedia(!inside);
  const me = useQuery(meQuery);
  const lesson = useQuery({ ...lessonQuery(id), refetchInterval: inside ? false : 5_000 });
  const leave = () => {
    setInside(null);
    void navigate({ to: '/' });
  };
  if (lesson.isError && !lesson.data) {
    return (
      <RoomRoot state="failed" media="none">
        <Failure failure={lesson.error} onRetry={() => void lesson.refetch()} busy={lesson.isFetching} />
      </RoomRoot>
    );
  }
  if (!media || !lesson.data || !me.data) {
    return (
      <RoomRoot state="idle" media="none">
        <Gate connection={connecting} title="" recorded={false} onJoin={() => {}} onLeave={leave} />
      </RoomRoot>
    );
  }
  const { title, recorded, state, mayJoin } = lesson.data;
  if (inside) {
    return (
      <Lesson
        id={id}
        title={title}
        timeZone={me.data.school.timeZone}
        build={me.data.version}
        media={media}
        takeOver={entered}
        onLeave={leave}
      />
    );
  }
  const closed = state === 'ended' ? state : mayJoin ? undefined : 'removed';
  if (closed) {
    return (
      <RoomRoot state={closed} media="none">
        <Gate
          connection={{ state: closed }}
          title={title}
          recorded={recorded}
          onJoin={() => {}}
          onLeave={leave}
        />
      </RoomRoot>
    );
  }
  return (
    <GreenRoom
      id={id}
      lesson={lesson.data}
      name={me.data.person.name}
      media={media}
      onJoin={() => setEntered(true)}
    />
  );
}
