import { useTranslation } from 'react-i18next';
import type { Participant } from '@/protocol/generated.ts';
import { grid, pageOf } from '@/rtc/layout.ts';
import { IconButton } from '@/ui/IconButton.tsx';
import type { Box } from '../useBox.ts';
import styles from './MainArea.module.css';
import { gap } from './plan.ts';
import { SelfTile } from './SelfTile.tsx';
import { Tile } from './Tile.tsx';

interface Props {
  row: readonly Participant[];
  /** How many of the others on one page. */
  size: number;
  box: Box;
  page: number;
  onPage: (page: number) => void;
  onPin: (participant: string) => void;
}

/** Everybody alike, in pages when they are many. */
export function GridView({ row, size, box, page, onPage, onPin }: Props) {
  const { t } = useTranslation('room');
  const paged = row.length > size;
  const turn = paged ? 52 : 0; // px for the line that turns pages
  const { shown, page: real, pages } = pageOf(row, size, page);
  // A last page with few people keeps the size of the full ones.
  const count = paged ? size + 1 : shown.length + 1;
  const { width, height, columns } = grid(count, box.width, box.height - turn, gap);
  return (
    <div className={styles.gridPlace}>
      <div className={styles.grid} style={{ maxWidth: columns * (width + gap) }}>
        {shown.map((one) => (
          <Tile
            key={one.id}
            one={one}
            place="grid"
            pinned={false}
            onPin={onPin}
            width={width}
            height={height}
          />
        ))}
        <SelfTile place="grid" width={width} height={height} />
      </div>
      {paged && (
        <nav className={styles.pages} aria-label={t('stage.pages')}>
          <IconButton
            icon="arrowLeft"
            label={t('stage.previous')}
            disabled={real === 0}
            onClick={() => onPage(real - 1)}
          />
          <span className="digits">{t('stage.page', { page: real + 1, pages })}</span>
          <IconButton
            icon="arrowRight"
            label={t('stage.next')}
            disabled={real === pages - 1}
            onClick={() => onPage(real + 1)}
          />
        </nav>
      )}
    </div>
  );
}
