import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { canChooseSpeaker, type Device, type DeviceKind } from '@/rtc/devices.ts';
import type { LocalMedia } from '@/rtc/LocalMedia.ts';
import { playChime } from '@/rtc/sound.ts';
import { Button } from '@/ui/Button.tsx';
import { Select } from '@/ui/Select.tsx';
import { useLocal } from '../roomContext.tsx';
import styles from './Pickers.module.css';

/** Microphone, camera and loudspeaker, with a way to hear whether the last one works. */
export function Pickers({ media }: { media: LocalMedia }) {
  return (
    <div className={styles.pickers}>
      <Picker media={media} kind="microphone" />
      <Picker media={media} kind="camera" />
      <div className={styles.speaker}>
        {canChooseSpeaker() && <Picker media={media} kind="speaker" />}
        <SpeakerTest media={media} />
      </div>
    </div>
  );
}

function Picker({ media, kind }: { media: LocalMedia; kind: DeviceKind }) {
  const { t } = useTranslation('room');
  const { devices } = useLocal(media);
  const found = devices[kind];
  const name = (one: Device, i: number) => one.label || t(`pick.nameless.${kind}`, { number: i + 1 });
  const options = found.map((one, i) => ({ value: one.id, label: name(one, i) }));
  const chosen = media.chosen(kind);
  const known = found.some((one) => one.id === chosen);
  const fallback = {
    value: '',
    label: t(found.length > 0 || kind === 'speaker' ? 'pick.default' : 'pick.none'),
  };
  return (
    <Select
      label={t(`pick.${kind}`)}
      options={known && kind !== 'speaker' ? options : [fallback, ...options]}
      value={known ? chosen : ''}
      disabled={found.length === 0}
      data-testid={`pick-${kind}`}
      onChange={(id) => void media.choose({ [kind]: id })}
    />
  );
}

function SpeakerTest({ media }: { media: LocalMedia }) {
  const { t } = useTranslation('room');
  const [playing, setPlaying] = useState(false);
  const test = async () => {
    setPlaying(true);
    await playChime(media.chosen('speaker')).catch(() => {});
    setPlaying(false);
  };
  return (
    <Button icon="speaker" disabled={playing} data-testid="test-speaker" onClick={() => void test()}>
      {t(playing ? 'pick.playing' : 'pick.test')}
    </Button>
  );
}
