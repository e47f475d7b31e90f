import type { ReactNode } from 'react';
import { Button } from './Button.tsx';
import { Icon, type IconName } from './icons.tsx';
import styles from './State.module.css';

interface Props {
  icon?: IconName;
  title: string;
  /** What is safe and what to do. */
  text?: ReactNode;
  retryLabel?: string;
  onRetry?: () => void;
  busy?: boolean;
  /** Another way out: a link to Today, to signing in. */
  action?: ReactNode;
}

export function ErrorState({
  icon = 'warning',
  title,
  text,
  retryLabel,
  onRetry,
  busy = false,
  action,
}: Props) {
  return (
    <div className={styles.state} role="alert">
      <span className={styles.stamp}>
        <Icon name={icon} size={28} />
      </span>
      <p className={styles.title}>{title}</p>
      {text && <p className={styles.text}>{text}</p>}
      {(onRetry || action) && (
        <div className={styles.action}>
          {onRetry && (
            <Button look="act" icon="retry" busy={busy} onClick={onRetry}>
              {retryLabel}
            </Button>
          )}
          {action}
        </div>
      )}
    </div>
  );
}
