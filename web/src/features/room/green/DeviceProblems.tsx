import { useTranslation } from 'react-i18next';
import type { LocalMedia, LocalSource } from '@/rtc/LocalMedia.ts';
import { Button } from '@/ui/Button.tsx';
import { Icon } from '@/ui/icons.tsx';
import { useLocal } from '../roomContext.tsx';
import styles from './GreenRoom.module.css';

/** What went wrong with a device, what works all the same, and what to do. */
export function DeviceProblems({ media }: { media: LocalMedia }) {
  return (
    <>
      <Problem media={media} source="microphone" />
      <Problem media={media} source="camera" />
    </>
  );
}

function Problem({ media, source }: { media: LocalMedia; source: LocalSource }) {
  const { t } = useTranslation('room');
  const { t: common } = useTranslation();
  const state = useLocal(media);
  const capture = state[source];
  if (capture.state !== 'failed') return null;
  const { kind } = capture.problem;
  return (
    <div
      className={styles.problem}
      role="alert"
      data-testid="device-problem"
      data-kind={kind}
      data-source={source}
    >
      <Icon name="warning" size={20} />
      <p>{t(`device.${kind}.${source}`)}</p>
      {kind !== 'insecure' && kind !== 'unsupported' && (
        <Button onClick={() => void media.open(source)}>{common('retry')}</Button>
      )}
    </div>
  );
}
