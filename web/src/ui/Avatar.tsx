import styles from './Avatar.module.css';
import { cx } from './cx.ts';

/** First letters of the first two words: "Анна Петрова" is "АП", and so is "анна-петрова". */
export function initials(name: string): string {
  const words = name.split(/[\s\-–—]+/u).filter((word) => /\p{L}|\p{N}/u.test(word));
  const letters = words.slice(0, 2).map((word) => [...word.replace(/^[^\p{L}\p{N}]+/u, '')][0] ?? '');
  return letters.join('').toLocaleUpperCase();
}

const hues = 6;

/** The same name has the same colour everywhere, without the server having to say so. */
export function hueOf(name: string): number {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9973;
  return sum % hues;
}

interface Props {
  name: string;
  /** Side in CSS pixels; without it the avatar fills its container. */
  size?: number;
  className?: string;
}

/** Stands for a face. The name is expected beside it, so screen readers skip it. */
export function Avatar({ name, size, className }: Props) {
  const style = size ? { width: size, height: size, fontSize: size * 0.4 } : undefined;
  return (
    <span
      className={cx(styles.avatar, styles[`hue${hueOf(name)}`], className)}
      style={style}
      aria-hidden="true"
    >
      {initials(name)}
    </span>
  );
}
