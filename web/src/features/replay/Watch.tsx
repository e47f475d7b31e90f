import { useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Recording } from '@/api/generated/types.gen.ts';
import { meQuery, recordingQuery } from '@/api/queries.ts';
import { moment } from '@/parts/time.ts';
import { cx } from '@/ui/cx.ts';
import { Skeleton } from '@/ui/Skeleton.tsx';
import { Actions } from './Actions.tsx';
import styles from './Page.module.css';
import { Controls } from './player/Controls.tsx';
import { Screen } from './player/Screen.tsx';
import { Timeline } from './player/Timeline.tsx';
import { useIdle } from './player/useIdle.ts';
import { usePlayer, usePlayerState } from './player/usePlayer.ts';
import { Side } from './Side.tsx';
import { stageAt, stageSpans, startAt } from './timeline.ts';
import { useKeepPosition } from './useKeepPosition.ts';
import { useMoment } from './useMoment.ts';

function State({ recording }: { recording: Recording }) {
  const { t } = useTranslation('replay');
  if (recording.state === 'ready') return null;
  return (
    <p className={styles.state} role="status">
      {t(`state.${recording.state}`)}{' '}
      {recording.state === 'live' && (
        <Link to="/lesson/$id" params={{ id: recording.lessonId }}>
          {t('state.join')}
        </Link>
      )}
    </p>
  );
}

/** One recording, from the first frame to the last word of its chat. */
export function Watch({ recording }: { recording: Recording }) {
  const { t, i18n } = useTranslation('replay');
  const { school } = useSuspenseQuery(meQuery).data;
  const client = useQueryClient();
  const video = useRef<HTMLVideoElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const { player, trouble } = usePlayer({
    video,
    frame,
    url: `/api/v1/recordings/${recording.id}/master.m3u8`,
    start: startAt(recording, window.location.hash),
  });
  useKeepPosition(recording.id, player);
  useMoment(player);
  useEffect(() => {
    if (trouble) void client.invalidateQueries({ queryKey: recordingQuery(recording.id).queryKey });
  }, [trouble, client, recording.id]);

  const known = usePlayerState(player, (state) => state.duration);
  const duration = known > 0 ? known : recording.seconds;
  const idle = useIdle(
    frame,
    usePlayerState(player, (state) => state.fullscreen && !state.paused),
  );
  const onStage = usePlayerState(player, (state) => stageAt(recording, state.time));
  const caption = onStage?.source === 'slate' || !onStage?.personName ? '' : onStage.personName;
  return (
    <div className={styles.page}>
      <div className={cx(styles.picture, idle && styles.idle)} ref={frame}>
        <Screen
          video={video}
          player={player}
          trouble={trouble}
          caption={onStage?.source === 'share' ? t('stage.share', { name: caption }) : caption}
        />
        {player ? (
          <div className={styles.controls}>
            <Timeline
              player={player}
              duration={duration}
              stage={stageSpans(recording, duration)}
              gaps={recording.gaps}
            />
            <Controls player={player} duration={duration} />
          </div>
        ) : (
          <Skeleton height={80} />
        )}
      </div>
      <div className={styles.about}>
        <State recording={recording} />
        <h1 className={styles.title}>{recording.title}</h1>
        <p className={styles.when}>
          {recording.className} · {moment(recording.startedAt, school.timeZone, i18n.language)}
        </p>
        <Actions recording={recording} player={player} />
      </div>
      <div className={styles.beside}>
        {player && <Side player={player} recording={recording} duration={duration} />}
      </div>
    </div>
  );
}
