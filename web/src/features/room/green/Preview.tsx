import { useTranslation } from 'react-i18next';
import type { Capture, LocalMedia, LocalSource } from '@/rtc/LocalMedia.ts';
import { Avatar } from '@/ui/Avatar.tsx';
import { IconButton } from '@/ui/IconButton.tsx';
import { useLocal } from '../roomContext.tsx';
import { OwnPicture } from '../stage/Picture.tsx';
import styles from './GreenRoom.module.css';
import { LevelBar } from './LevelBar.tsx';

function track(capture: Capture): MediaStreamTrack | undefined {
  return capture.state === 'open' ? capture.track : undefined;
}

/** Me, with the two switches on the picture where everybody looks for them. */
export function Preview({ media, name }: { media: LocalMedia; name: string }) {
  const { t } = useTranslation('room');
  const { camera, microphone, choices } = useLocal(media);
  const picture = track(camera);
  return (
    <section className={styles.preview} aria-label={t('green.preview')}>
      {picture ? (
        <OwnPicture track={picture} testId="preview" />
      ) : (
        <div className={styles.noPicture}>
          <Avatar name={name} className={styles.avatar ?? ''} />
          <p>{t(camera.state === 'opening' ? 'green.cameraOpening' : 'green.cameraOff')}</p>
        </div>
      )}
      <div className={styles.level}>
        <LevelBar track={track(microphone)} />
      </div>
      <div className={styles.switches}>
        <Switch media={media} source="microphone" on={choices.microphoneOn} />
        <Switch media={media} source="camera" on={choices.cameraOn} />
      </div>
    </section>
  );
}

function Switch({ media, source, on }: { media: LocalMedia; source: LocalSource; on: boolean }) {
  const { t } = useTranslation('room');
  const mic = source === 'microphone';
  const toggle = () => {
    void media.choose(mic ? { microphoneOn: !on } : { cameraOn: !on });
    if (on) media.stop(source);
    else void media.open(source);
  };
  return (
    <IconButton
      icon={mic ? (on ? 'mic' : 'micOff') : on ? 'camera' : 'cameraOff'}
      label={t(on ? `bar.${source}Off` : `bar.${source}On`)}
      look={on ? 'quiet' : 'off'}
      className={styles.switch ?? ''}
      aria-pressed={on}
      data-testid={`green-${source}`}
      onClick={toggle}
    />
  );
}
