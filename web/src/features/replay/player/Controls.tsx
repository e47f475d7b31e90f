import { useTranslation } from 'react-i18next';
import { position } from '@/parts/time.ts';
import { IconButton } from '@/ui/IconButton.tsx';
import { Select } from '@/ui/Select.tsx';
import styles from './Controls.module.css';
import { type Player, speeds } from './Player.ts';
import { usePlayerState } from './usePlayer.ts';

function Sound({ player }: { player: Player }) {
  const { t } = useTranslation('replay');
  const volume = usePlayerState(player, (state) => state.volume);
  const muted = usePlayerState(player, (state) => state.muted);
  return (
    <span className={styles.sound}>
      <IconButton
        icon={muted ? 'speakerOff' : 'speaker'}
        label={muted ? t('unmute') : t('mute')}
        shortcut="M"
        onClick={() => player.run({ kind: 'mute' })}
      />
      <input
        type="range"
        className={styles.volume}
        aria-label={t('volume')}
        min={0}
        max={1}
        step={0.05}
        value={muted ? 0 : volume}
        onChange={(event) => player.setVolume(Number(event.target.value))}
      />
    </span>
  );
}

function Speed({ player }: { player: Player }) {
  const { t, i18n } = useTranslation('replay');
  const rate = usePlayerState(player, (state) => state.rate);
  const number = new Intl.NumberFormat(i18n.language);
  const options = speeds.map((one) => ({
    value: String(one),
    label: t('times', { rate: number.format(one) }),
  }));
  return (
    <span className={styles.speed}>
      <Select
        label={t('speed')}
        hideLabel
        title={t('speedKeys')}
        value={String(rate)}
        options={options}
        onChange={(value) => player.setRate(Number(value))}
      />
    </span>
  );
}

function Clock({ player, duration }: { player: Player; duration: number }) {
  const time = usePlayerState(player, (state) => Math.floor(state.time));
  return (
    <span className={styles.clock}>
      {position(time)}
      <span className={styles.of}> / {position(duration)}</span>
    </span>
  );
}

export function Controls({ player, duration }: { player: Player; duration: number }) {
  const { t } = useTranslation('replay');
  const paused = usePlayerState(player, (state) => state.paused);
  const pip = usePlayerState(player, (state) => state.pip);
  const full = usePlayerState(player, (state) => state.fullscreen);
  return (
    <fieldset className={styles.bar} aria-label={t('controls')}>
      <IconButton
        icon={paused ? 'play' : 'pause'}
        label={paused ? t('play') : t('pause')}
        shortcut="K"
        look="quiet"
        onClick={() => player.toggle()}
      />
      <IconButton
        icon="back10"
        label={t('back')}
        shortcut="J"
        onClick={() => player.run({ kind: 'jump', by: -10 })}
      />
      <IconButton
        icon="forward10"
        label={t('forward')}
        shortcut="L"
        onClick={() => player.run({ kind: 'jump', by: 10 })}
      />
      <Clock player={player} duration={duration} />
      <span className={styles.space} />
      <Sound player={player} />
      <Speed player={player} />
      {document.pictureInPictureEnabled && (
        <IconButton
          icon="pip"
          label={pip ? t('pipOff') : t('pip')}
          shortcut="I"
          className={styles.desk}
          onClick={() => player.togglePip()}
        />
      )}
      <IconButton
        icon={full ? 'fullscreenExit' : 'fullscreen'}
        label={full ? t('fullscreenOff') : t('fullscreen')}
        shortcut="F"
        onClick={() => player.toggleFullscreen()}
      />
    </fieldset>
  );
}
