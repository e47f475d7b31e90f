import { type RefObject, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { cx } from '@/ui/cx.ts';
import { Icon } from '@/ui/icons.tsx';
import { Spinner } from '@/ui/Spinner.tsx';
import type { Player } from './Player.ts';
import styles from './Screen.module.css';
import type { Trouble } from './source.ts';
import { usePlayerState } from './usePlayer.ts';

function Over({ player }: { player: Player }) {
  const { t } = useTranslation('replay');
  const waiting = usePlayerState(player, (state) => state.waiting);
  const paused = usePlayerState(player, (state) => state.paused);
  const ended = usePlayerState(player, (state) => state.ended);
  if (waiting) {
    return (
      <span className={styles.wait}>
        <Spinner size={48} label={t('waiting')} />
      </span>
    );
  }
  if (!paused) return null;
  return (
    <button
      type="button"
      className={styles.big}
      aria-label={ended ? t('again') : t('play')}
      onClick={() => player.toggle()}
    >
      <Icon name={ended ? 'retry' : 'play'} size={40} />
    </button>
  );
}

interface Props {
  video: RefObject<HTMLVideoElement | null>;
  player: Player | undefined;
  trouble: Trouble | undefined;
  /** Who is on stage, in words; shown on the picture. */
  caption: string;
}

/** The picture. A press on it plays and pauses, two presses fill the screen. */
export function Screen({ video, player, trouble, caption }: Props) {
  const { t } = useTranslation('replay');
  const [sees, setSees] = useState(false);
  useEffect(() => {
    const element = video.current;
    const onData = () => setSees(true);
    element?.addEventListener('loadeddata', onData);
    return () => element?.removeEventListener('loadeddata', onData);
  }, [video]);
  return (
    <div className={cx(styles.screen, sees && styles.sees)}>
      {/* The keys of the whole page do the same as these presses: see keys.ts. */}
      <video
        ref={video}
        className={styles.video}
        playsInline
        preload="auto"
        onClick={() => player?.toggle()}
        onDoubleClick={() => player?.toggleFullscreen()}
      />
      {caption && <span className={styles.caption}>{caption}</span>}
      {player && !trouble && <Over player={player} />}
      {trouble && (
        <p className={styles.trouble} role="alert">
          <Icon name={trouble === 'network' ? 'wifiOff' : trouble === 'storage' ? 'cloudOff' : 'warning'} />
          {t(`trouble.${trouble}`)}
        </p>
      )}
    </div>
  );
}
