import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { clock } from '@/parts/time.ts';
import { cx } from '@/ui/cx.ts';
import { Icon } from '@/ui/icons.tsx';
import { useRoom, useTimeZone } from './roomContext.tsx';
import styles from './TopLine.module.css';
import { useCompact } from './useMediaQuery.ts';

/** What lesson this is, what time it is, whether it is being recorded, and whether one is connected. */
export function TopLine() {
  const lesson = useRoom((room) => room.lesson);
  return (
    <header className={styles.line}>
      <h1 className={styles.title}>
        {lesson?.title}
        <span className={styles.class}>{lesson?.className}</span>
      </h1>
      <RecordingLight />
      <ConnectionLight />
      <Clock />
    </header>
  );
}

function Clock() {
  const timeZone = useTimeZone();
  const { i18n } = useTranslation();
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), 5_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <time className={styles.clock} dateTime={now.toISOString()}>
      {clock(now, timeZone, i18n.language)}
    </time>
  );
}

function RecordingLight() {
  const timeZone = useTimeZone();
  const compact = useCompact();
  const { t, i18n } = useTranslation('room');
  const { state, savedTo, trouble } = useRoom((room) => room.recording);
  if (state === 'off') return null;
  const saved =
    savedTo &&
    new Intl.DateTimeFormat(i18n.language, {
      timeZone,
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    }).format(new Date(savedTo));
  return (
    <p
      className={cx(styles.recording, state === 'trouble' && styles.trouble)}
      data-testid="recording"
      data-state={state}
      data-saved-to={savedTo}
    >
      <span className={styles.lamp} aria-hidden="true" />
      <span>{t(`recording.${state}`)}</span>
      {saved && (
        <span className={cx(styles.saved, 'digits')}>
          {t(compact ? 'recording.savedShort' : 'recording.saved', { time: saved })}
        </span>
      )}
      {state === 'trouble' && <span className={styles.saved}>{troubleText(trouble, t)}</span>}
    </p>
  );
}

type Words = ReturnType<typeof useTranslation<'room'>>['t'];

function troubleText(trouble: string | undefined, t: Words): string {
  if (trouble === 'disk_full' || trouble === 'storage_away') return t(`recording.${trouble}`);
  return t('recording.other');
}

function ConnectionLight() {
  const { t } = useTranslation('room');
  const state = useRoom((room) => room.connection.state);
  const media = useRoom((room) => room.media);
  const good = state === 'live' && media === 'connected';
  const kind = good || state === 'waiting' ? 'good' : state === 'live' ? 'media' : 'lost';
  return (
    <p className={cx(styles.connection, kind === 'good' && styles.good)} data-kind={kind}>
      <Icon name={kind === 'lost' ? 'wifiOff' : 'wifi'} size={20} />
      <span className={styles.connectionText}>{t(`connection.${kind}`)}</span>
    </p>
  );
}
