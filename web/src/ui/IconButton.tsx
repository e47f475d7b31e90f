import type { ButtonHTMLAttributes, Ref } from 'react';
import { cx } from './cx.ts';
import styles from './IconButton.module.css';
import { Icon, type IconName } from './icons.tsx';
import { Tooltip } from './Tooltip.tsx';

export interface IconButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'aria-label'> {
  icon: IconName;
  /** What it does, in words: the accessible name and the tooltip. */
  label: string;
  /** The key that does the same, as printed on keyboards; shown in the tooltip and told to screen readers. */
  shortcut?: string | undefined;
  /** The label under the icon, for bars where everybody must find the button. */
  caption?: string | undefined;
  look?: 'plain' | 'quiet' | 'on' | 'off' | 'danger';
  size?: number;
  ref?: Ref<HTMLButtonElement>;
}

export function IconButton({
  icon,
  label,
  shortcut,
  caption,
  look = 'plain',
  size = 24,
  className,
  type = 'button',
  ...rest
}: IconButtonProps) {
  return (
    <Tooltip text={label} shortcut={shortcut}>
      <button
        {...rest}
        type={type}
        aria-label={label}
        aria-keyshortcuts={shortcut}
        className={cx(styles.button, styles[look], caption && styles.captioned, className)}
      >
        <Icon name={icon} size={size} />
        {caption && <span className={styles.caption}>{caption}</span>}
      </button>
    </Tooltip>
  );
}
