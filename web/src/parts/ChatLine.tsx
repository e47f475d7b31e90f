import type { ReactNode } from 'react';
import { Avatar } from '@/ui/Avatar.tsx';
import { cx } from '@/ui/cx.ts';
import styles from './ChatLine.module.css';

interface Props {
  name: string;
  text: string;
  /** As it is to be read, "10:42". */
  time: string;
  /** Written by whoever looks at it. */
  own?: boolean;
  /** Said by the same person right after the line above: the name stands there. */
  follows?: boolean;
  /** Below the text: that it is on its way, or a button to try again. */
  note?: ReactNode;
  state?: 'sent' | 'pending' | 'failed';
}

/** One message of a chat: in the lesson and beside its replay. */
export function ChatLine({ name, text, time, own = false, follows = false, note, state = 'sent' }: Props) {
  return (
    <li
      className={cx(styles.line, own && styles.own, follows && styles.follows)}
      data-testid="chat-message"
      data-state={state}
    >
      {!own && !follows && <Avatar name={name} size={32} className={styles.avatar ?? ''} />}
      <div className={cx(styles.bubble, state !== 'sent' && styles.waiting)}>
        {!own && !follows && <p className={styles.name}>{name}</p>}
        <p className={styles.text}>
          {text}
          <time className={styles.time}>{time}</time>
        </p>
        {note && <div className={styles.note}>{note}</div>}
      </div>
    </li>
  );
}
