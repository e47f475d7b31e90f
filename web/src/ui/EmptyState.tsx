import type { ReactNode } from 'react';
import { Icon, type IconName } from './icons.tsx';
import styles from './State.module.css';

interface Props {
  icon: IconName;
  title: string;
  /** What will appear here and who makes it appear. */
  text?: ReactNode;
  action?: ReactNode;
}

export function EmptyState({ icon, title, text, action }: Props) {
  return (
    <div className={styles.state}>
      <span className={styles.stamp}>
        <Icon name={icon} size={28} />
      </span>
      <p className={styles.title}>{title}</p>
      {text && <p className={styles.text}>{text}</p>}
      {action && <div className={styles.action}>{action}</div>}
    </div>
  );
}
