import type { ReactNode } from 'react';
import styles from './RoomRoot.module.css';
import { useDark } from './useDark.ts';

interface Props {
  state: string;
  media: string;
  children?: ReactNode;
}

/** The frame of all that a lesson shows: dark, as tall as the window, never scrolling as a whole. */
export function RoomRoot({ state, media, children }: Props) {
  useDark();
  return (
    <div className={styles.root} data-testid="room" data-state={state} data-media={media}>
      {children}
    </div>
  );
}
