import { type ReactNode, type SelectHTMLAttributes, useId } from 'react';
import { cx } from './cx.ts';
import styles from './Field.module.css';
import { describedBy, FieldFrame } from './Field.tsx';
import { Icon } from './icons.tsx';

export interface SelectOption {
  value: string;
  label: string;
}

interface Props extends Omit<SelectHTMLAttributes<HTMLSelectElement>, 'onChange'> {
  label: string;
  hint?: ReactNode;
  error?: ReactNode;
  options: readonly SelectOption[];
  onChange: (value: string) => void;
  hideLabel?: boolean;
}

/** The platform's own list: a phone shows its wheel, a keyboard types to find, a screen reader knows it. */
export function Select({
  label,
  hint,
  error,
  options,
  onChange,
  hideLabel = false,
  className,
  ...rest
}: Props) {
  const own = useId();
  const id = rest.id ?? own;
  const control = (
    <div className={styles.select}>
      <select
        {...rest}
        id={id}
        className={cx(styles.input, className)}
        aria-label={hideLabel ? label : undefined}
        aria-invalid={error ? true : undefined}
        aria-describedby={describedBy(id, hint, error)}
        onChange={(event) => onChange(event.target.value)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
      <Icon name="chevronDown" size={20} />
    </div>
  );
  if (hideLabel) return control;
  return (
    <FieldFrame id={id} label={label} hint={hint} error={error}>
      {control}
    </FieldFrame>
  );
}
