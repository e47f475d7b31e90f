import type { ReactNode } from 'react';
import { Icon, type IconName } from '@/ui/icons.tsx';
import { Spinner } from '@/ui/Spinner.tsx';
import styles from './Gate.module.css';

interface CardProps {
  icon?: IconName;
  title: string;
  text?: string | undefined;
  wait?: boolean;
  actions?: ReactNode;
}

/** One message in the middle of the page, said to screen readers as well. */
export function Card({ icon, title, text, wait = false, actions }: CardProps) {
  return (
    <main className={styles.gate} tabIndex={-1}>
      <div className={styles.card} role="status">
        {icon && (
          <span className={styles.stamp}>
            <Icon name={icon} size={32} />
          </span>
        )}
        {wait && <Spinner size={40} />}
        <h1 className={styles.title}>{title}</h1>
        {text && <p className={styles.text}>{text}</p>}
        {actions && <div className={styles.actions}>{actions}</div>}
      </div>
    </main>
  );
}
