import { type ReactNode, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { IconButton } from '@/ui/IconButton.tsx';
import styles from './Panel.module.css';

interface Props {
  name: 'chat' | 'people';
  title: string;
  onClose: () => void;
  children: ReactNode;
}

/** Beside the pictures; on a phone a sheet over them. The focus goes in when it opens, Escape closes it. */
export function Panel({ name, title, onClose, children }: Props) {
  const { t } = useTranslation();
  const ref = useRef<HTMLElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    ref.current?.focus({ preventScroll: true });
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    <aside
      ref={ref}
      className={styles.panel}
      aria-label={title}
      data-testid={name}
      tabIndex={-1}
      onKeyDown={(event) => event.key === 'Escape' && onClose()}
    >
      <header className={styles.head}>
        <h2 className={styles.title}>{title}</h2>
        <IconButton icon="x" label={t('close')} onClick={onClose} />
      </header>
      {children}
    </aside>
  );
}
