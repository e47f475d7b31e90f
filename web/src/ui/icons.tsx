import { cx } from './cx.ts';
import styles from './icons.module.css';

/** Outlines on a 24-unit square, drawn with one pen: 1.5 wide, round ends. */
const outlines = {
  arrowLeft: 'M19 12H5m6-6-6 6 6 6',
  arrowRight: 'M5 12h14m-6-6 6 6-6 6',
  back10: 'M4 12a8 8 0 1 0 3-6.2M4 4v4h4M9.5 10v5M12.5 11.5v2a1.5 1.5 0 0 0 3 0v-2a1.5 1.5 0 0 0-3 0Z',
  bell: 'M6 16.5c.9-1 1.3-2 1.3-3.5v-2.5a4.7 4.7 0 0 1 9.4 0V13c0 1.5.4 2.5 1.3 3.5.4.5.1 1-.5 1h-11c-.6 0-.9-.5-.5-1ZM10 19.5c.4.8 1.1 1.3 2 1.3s1.6-.5 2-1.3M12 3.5v2',
  calendar: 'M5 6h14v14H5zM5 10h14M9 3.5V8m6-4.5V8',
  camera:
    'M4.5 7h9A1.5 1.5 0 0 1 15 8.5v7a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 3 15.5v-7A1.5 1.5 0 0 1 4.5 7ZM15 11l6-3.5v9L15 13',
  cameraOff:
    'M9 7h4.5A1.5 1.5 0 0 1 15 8.5V11l6-3.5v9l-3-1.7M14.6 16.6c-.3.3-.7.4-1.1.4h-9A1.5 1.5 0 0 1 3 15.5v-7C3 7.9 3.4 7.3 4 7.1M3.5 3.5l17 17',
  chat: 'M5 5h14a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1h-7l-4.5 4v-4H5a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1ZM8 9.5h8M8 12.5h5',
  check: 'm5 12.5 4.5 4.5L19 7.5',
  chevronDown: 'm6 9.5 6 6 6-6',
  chevronRight: 'm9.5 6 6 6-6 6',
  clock: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16ZM12 8v4.3l2.8 1.7',
  cloudOff:
    'M9.5 6.5A5.5 5.5 0 0 1 17.3 11a3.8 3.8 0 0 1 2.9 5.8M16.5 18.5h-9a4 4 0 0 1-.9-7.9M3.5 3.5l17 17',
  copy: 'M9 9h10v11H9zM6 15H5V4h10v2',
  download: 'M12 4v11m-4.5-4.5L12 15l4.5-4.5M5 19.5h14',
  forward10: 'M20 12a8 8 0 1 1-3-6.2M20 4v4h-4M8.5 10v5M11.5 11.5v2a1.5 1.5 0 0 0 3 0v-2a1.5 1.5 0 0 0-3 0Z',
  fullscreen: 'M4 9V4h5m6 0h5v5m0 6v5h-5m-6 0H4v-5',
  fullscreenExit: 'M9 4v5H4m16 0h-5V4m0 16v-5h5M4 15h5v5',
  globe:
    'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16ZM4 12h16M12 4c2.2 2.3 3.2 5 3.2 8s-1 5.7-3.2 8c-2.2-2.3-3.2-5-3.2-8s1-5.7 3.2-8Z',
  grid: 'M4.5 5h6v6h-6zM13.5 5h6v6h-6zM4.5 13h6v6h-6zM13.5 13h6v6h-6z',
  hand: 'M8 13V6.5a1.3 1.3 0 0 1 2.6 0V11m0-5.5v-.7a1.3 1.3 0 0 1 2.6 0V11m0-5a1.3 1.3 0 0 1 2.6 0v6m0-3.5a1.3 1.3 0 0 1 2.6 0V15c0 3.6-2.2 5.7-5.6 5.7-2.4 0-4-.9-5.3-2.9l-2.7-4.3c-.4-.7-.2-1.4.4-1.8.6-.3 1.3-.2 1.8.4L8 13.5',
  home: 'M4 11.5 12 4.5l8 7M6 10v9.5h4.5V15h3v4.5H18V10',
  leave:
    'M12 9.5c3.3 0 6.1.9 7.9 2.3 1 .8 1.2 2.2.5 3.2l-.5.6c-.3.4-.8.5-1.2.3l-2.8-1.2a1 1 0 0 1-.6-.9v-1.7a12.6 12.6 0 0 0-6.6 0v1.7c0 .4-.2.8-.6.9l-2.8 1.2c-.4.2-.9 0-1.2-.3l-.5-.6c-.7-1-.5-2.4.5-3.2C5.9 10.4 8.7 9.5 12 9.5Z',
  link: 'm10 14 4-4M11 7.5l2-2a3.9 3.9 0 0 1 5.5 5.5l-2 2M13 16.5l-2 2A3.9 3.9 0 0 1 5.5 13l2-2',
  mic: 'M12 4a2.8 2.8 0 0 0-2.8 2.8v4.7a2.8 2.8 0 0 0 5.6 0V6.8A2.8 2.8 0 0 0 12 4ZM6 11.5a6 6 0 0 0 12 0M12 17.5V21m-3 0h6',
  micOff:
    'M9.2 9.2v2.3a2.8 2.8 0 0 0 4.5 2.2m1.1-2.7V6.8a2.8 2.8 0 0 0-5.4-1M6 11.5a6 6 0 0 0 9.8 4.6m1.7-2.2c.3-.8.5-1.6.5-2.4M12 17.5V21m-3 0h6M3.5 3.5l17 17',
  minus: 'M5 12h14',
  moon: 'M19.5 14.3A7.8 7.8 0 0 1 9.7 4.5a7.8 7.8 0 1 0 9.8 9.8Z',
  more: 'M12 6h.01M12 12h.01M12 18h.01',
  pause: 'M8.5 5v14M15.5 5v14',
  people:
    'M9 5a3.2 3.2 0 1 0 0 6.4A3.2 3.2 0 0 0 9 5ZM3 19c.3-3 2.7-4.7 6-4.7s5.7 1.7 6 4.7M15.5 5.3a3.2 3.2 0 0 1 0 5.9M17.5 14.7c2 .6 3.3 2.1 3.5 4.3',
  person: 'M12 4.5a3.7 3.7 0 1 0 0 7.4 3.7 3.7 0 0 0 0-7.4ZM5 20c.3-3.5 3-5.5 7-5.5s6.7 2 7 5.5',
  pin: 'm14.5 4 5.5 5.5-2 .7-3.5 3.5-.5 4-8-8 4-.5L13.5 5.7ZM9.5 14.5 4.5 19.5',
  pip: 'M4 6h16v5M20 11V6M4 6v12h7M13 13h7v5h-7z',
  play: 'M8 5.5v13l10.5-6.5Z',
  plus: 'M12 5v14M5 12h14',
  reaction:
    'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16ZM9 10h.01M15 10h.01M8.5 13.5c.7 1.6 2 2.5 3.5 2.5s2.8-.9 3.5-2.5',
  record: 'M12 4.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15Z',
  retry: 'M20 12a8 8 0 1 1-2.7-6M20 4v4.5h-4.5',
  school: 'M3.5 20h17M5.5 20V10l6.5-4.5 6.5 4.5v10M10 20v-4.5h4V20M12 10.5h.01',
  search: 'M11 5a6 6 0 1 0 0 12 6 6 0 0 0 0-12ZM15.5 15.5 20 20',
  send: 'M4.5 5 20 12 4.5 19l2-7ZM6.5 12H13',
  settings: 'M5 7h8m4 0h2M5 17h2m4 0h8M15 5a2 2 0 1 0 0 4 2 2 0 0 0 0-4ZM9 15a2 2 0 1 0 0 4 2 2 0 0 0 0-4Z',
  share: 'M4 5h16v11H4zM9 20h6M12 13.5v-6m-2.5 2.3L12 7.3l2.5 2.5',
  shareOff: 'M8 5h12v11h-1M15 16H4V5M9 20h6M3.5 3.5l17 17',
  signOut: 'M10 5H5v14h5M14.5 8l4 4-4 4M18.5 12H10',
  sort: 'M8 5v14m-3-3 3 3 3-3M16 19V5m-3 3 3-3 3 3',
  speaker: 'M4.5 10v4h3l4.5 4V6L7.5 10ZM15.5 9.5a3.6 3.6 0 0 1 0 5M18 7a7 7 0 0 1 0 10',
  speakerOff: 'M4.5 10v4h3l4.5 4V6L7.5 10ZM16 10l4 4m0-4-4 4',
  speakerView: 'M4 5h16v9H4zM4 17.5h4M10 17.5h4M16 17.5h4',
  spotlight: 'm12 4 2.3 4.9 5.2.7-3.8 3.7.9 5.3L12 16.1l-4.6 2.5.9-5.3-3.8-3.7 5.2-.7Z',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM12 3v1.5M12 19.5V21M3 12h1.5M19.5 12H21M5.6 5.6l1.1 1.1M17.3 17.3l1.1 1.1M5.6 18.4l1.1-1.1M17.3 6.7l1.1-1.1',
  trash: 'M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7M10.5 10.5v5.5M13.5 10.5v5.5',
  user: 'M12 4.5a3.7 3.7 0 1 0 0 7.4 3.7 3.7 0 0 0 0-7.4ZM5 20c.3-3.5 3-5.5 7-5.5s6.7 2 7 5.5',
  warning: 'M12 4.5 3.5 19h17ZM12 10v4.5M12 16.8h.01',
  wifi: 'M4 10c4.7-4.3 11.3-4.3 16 0M7 13.3c3-2.6 7-2.6 10 0M10 16.5c1.2-1 2.8-1 4 0M12 19h.01',
  wifiOff:
    'M4 10c1.5-1.4 3.3-2.3 5.1-2.8M13.5 6.9c2.3.2 4.6 1.3 6.5 3.1M7 13.3c1.1-1 2.4-1.6 3.7-1.8M10 16.5c1.2-1 2.8-1 4 0M12 19h.01M3.5 3.5l17 17',
  x: 'm6 6 12 12M18 6 6 18',
} as const;

export type IconName = keyof typeof outlines;

/** The icons whose shape is a solid in life: a lamp that is lit, a triangle to press. */
const filled = new Set<IconName>(['play', 'record']);

interface Props {
  name: IconName;
  /** Side in CSS pixels; 24 when not given. */
  size?: number;
  className?: string | undefined;
}

/** A picture beside words or inside a labelled button; it is hidden from screen readers, which get the words. */
export function Icon({ name, size = 24, className }: Props) {
  return (
    <svg
      className={cx(
        styles.icon,
        filled.has(name) && styles.filled,
        name === 'more' && styles.dots,
        className,
      )}
      width={size}
      height={size}
      viewBox="0 0 24 24"
      aria-hidden="true"
      focusable="false"
    >
      <path d={outlines[name]} />
    </svg>
  );
}
