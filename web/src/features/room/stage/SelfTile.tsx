import { useTranslation } from 'react-i18next';
import { me } from '@/rtc/roomState.ts';
import { Avatar } from '@/ui/Avatar.tsx';
import { cx } from '@/ui/cx.ts';
import { useLocal, useMedia, useRoom } from '../roomContext.tsx';
import { OwnPicture } from './Picture.tsx';
import styles from './Tile.module.css';
import { Nameplate, type Place } from './Tile.tsx';

interface Props {
  place: Place | 'corner';
  width?: number;
  height?: number;
}

/** Me, as the others see me but mirrored. */
export function SelfTile({ place, width, height }: Props) {
  const { t } = useTranslation('room');
  const { camera } = useLocal(useMedia());
  const on = useRoom((room) => room.own.camera.state === 'on');
  const muted = useRoom((room) => room.own.microphone.state !== 'on');
  const one = useRoom(me);
  const speaking = useRoom((room) => room.speakers.speaking.includes(room.self));
  if (!one) return null;
  return (
    <div
      className={cx(styles.tile, styles[place], speaking && styles.speaking)}
      style={{ width, height }}
      data-testid="self"
      data-place={place}
      title={t('tile.you')}
    >
      <div className={styles.face}>
        <Avatar name={one.name} className={styles.avatar ?? ''} />
      </div>
      {on && camera.state === 'open' && <OwnPicture track={camera.track} />}
      <Nameplate one={one} muted={muted} self />
    </div>
  );
}
