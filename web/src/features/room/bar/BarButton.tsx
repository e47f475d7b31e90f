import { cx } from '@/ui/cx.ts';
import { IconButton, type IconButtonProps } from '@/ui/IconButton.tsx';
import styles from './Bar.module.css';

interface Props extends IconButtonProps {
  /** For tests: data-testid is bar-<name>. */
  name: string;
  /** A count that waits to be looked at; none when 0. It is part of the label for screen readers. */
  badge?: number;
}

export function BarButton({ name, badge = 0, className, ...rest }: Props) {
  const button = (
    <IconButton {...rest} data-testid={`bar-${name}`} className={cx(styles.button, className)} />
  );
  if (badge === 0) return button;
  return (
    <span className={styles.counted}>
      {button}
      <span className={styles.badge} aria-hidden="true">
        {badge > 99 ? '99+' : badge}
      </span>
    </span>
  );
}
