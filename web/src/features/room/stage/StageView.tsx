import { useTranslation } from 'react-i18next';
import type { Participant } from '@/protocol/generated.ts';
import { cx } from '@/ui/cx.ts';
import styles from './MainArea.module.css';
import type { Plan } from './plan.ts';
import { ScreenTile } from './ScreenTile.tsx';
import { SelfTile } from './SelfTile.tsx';
import { Tile } from './Tile.tsx';

interface Props {
  arranged: Extract<Plan, { kind: 'stage' }>;
  row: readonly Participant[];
  stage: Participant | undefined;
  share: Participant | undefined;
  pinned: string;
  onPin: (participant: string) => void;
  onMore: () => void;
}

/** One large picture, a face or a screen, and the others small beside it. */
export function StageView({ arranged, row, stage, share, pinned, onPin, onMore }: Props) {
  const { t } = useTranslation('room');
  const { strip, main, tile, seats } = arranged;
  const onScreen = main === 'share' ? undefined : stage;
  const rest = row.filter((one) => one.id !== onScreen?.id);
  const shown = rest.length > seats ? rest.slice(0, Math.max(0, seats - 1)) : rest;
  const hidden = rest.length - shown.length;
  return (
    <div className={cx(styles.split, styles[strip])}>
      <div className={styles.main}>
        {main === 'share' && share && <ScreenTile one={share} />}
        {onScreen && <Tile one={onScreen} place="stage" pinned={pinned === onScreen.id} onPin={onPin} />}
        {strip === 'corner' && <SelfTile place="corner" />}
      </div>
      {strip !== 'corner' && (
        <div className={styles.strip}>
          {shown.map((one) => (
            <Tile key={one.id} one={one} place="strip" pinned={false} onPin={onPin} {...tile} />
          ))}
          {hidden > 0 && (
            <button type="button" className={styles.hidden} style={tile} onClick={onMore}>
              {t('stage.more', { count: hidden })}
            </button>
          )}
          <SelfTile place="strip" {...tile} />
        </div>
      )}
    </div>
  );
}
