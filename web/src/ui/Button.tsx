import type { ButtonHTMLAttributes, Ref } from 'react';
import styles from './Button.module.css';
import { cx } from './cx.ts';
import { Icon, type IconName } from './icons.tsx';
import { Spinner } from './Spinner.tsx';

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** act: the page's action. bell: the one thing to press now. quiet: the rest. danger: leaves or destroys. */
  look?: 'act' | 'bell' | 'quiet' | 'plain' | 'danger';
  size?: 'm' | 'l';
  icon?: IconName;
  /** Waiting for an answer: stays focusable, says so to screen readers and ignores presses. */
  busy?: boolean;
  wide?: boolean;
  ref?: Ref<HTMLButtonElement>;
}

export function Button({
  look = 'quiet',
  size = 'm',
  icon,
  busy = false,
  wide = false,
  className,
  children,
  onClick,
  type = 'button',
  ...rest
}: ButtonProps) {
  return (
    <button
      {...rest}
      type={busy ? 'button' : type}
      aria-busy={busy || undefined}
      aria-disabled={busy || undefined}
      className={cx(styles.button, styles[look], styles[size], wide && styles.wide, className)}
      onClick={busy ? undefined : onClick}
    >
      {busy ? <Spinner size={20} /> : icon && <Icon name={icon} size={size === 'l' ? 24 : 20} />}
      <span className={styles.words}>{children}</span>
    </button>
  );
}

/** The class names of a button, for links that look like one. */
export function buttonLook(
  look: NonNullable<ButtonProps['look']>,
  size: 'm' | 'l' = 'm',
  wide = false,
): string {
  return cx(styles.button, styles[look], styles[size], wide && styles.wide);
}
