import { useTranslation } from 'react-i18next';
import type { Participant } from '@/protocol/generated.ts';
import { Avatar } from '@/ui/Avatar.tsx';
import { cx } from '@/ui/cx.ts';
import { IconButton } from '@/ui/IconButton.tsx';
import { Icon } from '@/ui/icons.tsx';
import { useRoom } from '../roomContext.tsx';
import { Picture } from './Picture.tsx';
import styles from './Tile.module.css';
import { isTold, type PictureState, usePicture, useShown } from './usePicture.ts';

export type Place = 'stage' | 'strip' | 'grid';

interface Props {
  one: Participant;
  place: Place;
  pinned: boolean;
  onPin: (participant: string) => void;
  width?: number;
  height?: number;
}

/** Somebody else: picture or avatar, name, and what one should know of them. */
export function Tile({ one, place, pinned, onPin, width, height }: Props) {
  const { t } = useTranslation('room');
  const stage = place === 'stage';
  const fit = stage ? 'contain' : 'cover';
  const picture = usePicture(one, 'camera', stage);
  const speaking = useRoom((room) => room.speakers.speaking.includes(one.id));
  const muted = !one.sources.includes('microphone');
  const shown = useShown(
    stage ? { kind: 'stage', participant: one.id } : { kind: 'tile', participant: one.id },
    fit,
  );
  return (
    <div
      ref={shown}
      className={cx(styles.tile, styles[place], speaking && styles.speaking)}
      style={{ width, height }}
      data-testid="tile"
      data-participant={one.id}
      data-place={place}
      data-muted={muted}
      data-hand={Boolean(one.handAt)}
      data-speaking={speaking}
      data-reason={picture.kind === 'avatar' ? picture.reason : ''}
    >
      <Face name={one.name} picture={picture} small={place === 'strip'} />
      {picture.kind === 'picture' && <Picture slot={picture.slot} fit={fit} />}
      <Nameplate one={one} muted={muted} />
      <IconButton
        icon="pin"
        size={20}
        className={cx(styles.pin, pinned && styles.pinned)}
        label={t(pinned ? 'tile.unpin' : 'tile.pin', { name: one.name })}
        aria-pressed={pinned}
        onClick={() => onPin(pinned ? '' : one.id)}
      />
    </div>
  );
}

interface FaceProps {
  name: string;
  picture: PictureState;
  small: boolean;
}

/** Under the picture, so that nothing is black while the first frame is on its way. */
export function Face({ name, picture, small }: FaceProps) {
  const { t } = useTranslation('room');
  const reason = picture.kind === 'avatar' ? picture.reason : 'coming';
  return (
    <div className={styles.face}>
      <Avatar name={name} className={styles.avatar ?? ''} />
      {isTold(reason) && (
        <p className={cx(styles.reason, small && 'visually-hidden')}>{t(`tile.${reason}`)}</p>
      )}
    </div>
  );
}

interface NameplateProps {
  one: Participant;
  muted: boolean;
  self?: boolean;
}

/** The name, with marks that are told by shape and words, not by colour alone. */
export function Nameplate({ one, muted, self = false }: NameplateProps) {
  const { t } = useTranslation('room');
  return (
    <>
      <p className={styles.plate}>
        {muted && <Icon name="micOff" size={16} />}
        {muted && <span className="visually-hidden">{t('tile.muted')}</span>}
        <span className={styles.name}>{self ? t('tile.you') : one.name}</span>
      </p>
      {one.handAt && (
        <p className={styles.hand}>
          <Icon name="hand" size={20} />
          <span className="visually-hidden">{t('tile.hand')}</span>
        </p>
      )}
    </>
  );
}
