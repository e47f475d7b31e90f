import { useTranslation } from 'react-i18next';
import type { Participant } from '@/protocol/generated.ts';
import { Icon } from '@/ui/icons.tsx';
import { Spinner } from '@/ui/Spinner.tsx';
import styles from './MainArea.module.css';
import { Picture } from './Picture.tsx';
import { isTold, usePicture, useShown } from './usePicture.ts';

/** A shared screen, whole and sharp. */
export function ScreenTile({ one }: { one: Participant }) {
  const { t } = useTranslation('room');
  const picture = usePicture(one, 'share');
  const shown = useShown({ kind: 'share' }, 'contain');
  const reason = picture.kind === 'avatar' ? picture.reason : '';
  return (
    <div
      ref={shown}
      className={styles.screen}
      data-testid="tile"
      data-participant={one.id}
      data-place="share"
      data-reason={reason}
    >
      <div className={styles.wait}>
        {isTold(reason) ? <p>{t(`tile.${reason}`)}</p> : <Spinner size={40} label={t('tile.coming')} />}
      </div>
      {picture.kind === 'picture' && <Picture slot={picture.slot} fit="contain" />}
      <p className={styles.caption}>
        <Icon name="share" size={16} />
        <span>{t('tile.screenOf', { name: one.name })}</span>
      </p>
    </div>
  );
}
