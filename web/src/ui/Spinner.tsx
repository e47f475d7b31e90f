import { useEffect, useState } from 'react';
import styles from './Spinner.module.css';

const patience = 300; // ms in which an answer feels instant: showing and hiding a spinner would only flicker

/** True once `ms` have passed since the first render. */
export function useAfter(ms: number): boolean {
  const [passed, setPassed] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setPassed(true), ms);
    return () => clearTimeout(timer);
  }, [ms]);
  return passed;
}

interface Props {
  /** Side in CSS pixels. */
  size?: number;
  /** Said by screen readers; without it the spinner is silent, since what it stands in speaks for it. */
  label?: string;
}

export function Spinner({ size = 24, label }: Props) {
  const visible = useAfter(patience);
  return (
    <span className={styles.place} style={{ width: size, height: size }} role={label ? 'status' : undefined}>
      {visible && <span className={styles.ring} aria-hidden="true" />}
      {visible && label && <span className="visually-hidden">{label}</span>}
    </span>
  );
}
