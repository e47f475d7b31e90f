import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Recording } from '@/api/generated/types.gen.ts';
import { position } from '@/parts/time.ts';
import { cx } from '@/ui/cx.ts';
import { EmptyState } from '@/ui/EmptyState.tsx';
import { Icon, type IconName } from '@/ui/icons.tsx';
import type { Player } from './player/Player.ts';
import { usePlayerState } from './player/usePlayer.ts';
import styles from './Side.module.css';
import { type Chapter, chapters, indexAt } from './timeline.ts';

/** Keeps the current line in sight inside the list, unless the reader has scrolled away from it by hand. */
function useFollow(current: number) {
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    const box = list.current;
    const line = box?.children[current];
    if (
      !box ||
      !(line instanceof HTMLElement) ||
      box.matches(':hover') ||
      box.contains(document.activeElement)
    )
      return;
    box.scrollTop = line.offsetTop - box.clientHeight / 2;
  }, [current]);
  return list;
}

interface Props {
  player: Player;
  recording: Recording;
  duration: number;
}

function Chat({ player, recording }: Props) {
  const { t } = useTranslation('replay');
  const current = usePlayerState(player, (state) => indexAt(recording.chat, state.time));
  const list = useFollow(current);
  if (recording.chat.length === 0)
    return <EmptyState icon="chat" title={t('chat.none')} text={t('chat.noneText')} />;
  return (
    <ol ref={list} className={styles.list}>
      {recording.chat.map((message, i) => (
        <li key={`${message.at} ${message.name}`} className={cx(styles.message, i > current && styles.later)}>
          <button type="button" className={styles.line} onClick={() => player.seek(message.at)}>
            <span className={styles.time}>{position(message.at)}</span>
            <span className={styles.text}>
              <b>{message.name}</b>
              <span className={styles.said}>{message.text}</span>
            </span>
          </button>
        </li>
      ))}
    </ol>
  );
}

const icons: Record<Chapter['kind'], IconName> = {
  start: 'bell',
  share: 'share',
  person: 'person',
  gap: 'warning',
  named: 'pin',
};

function Contents({ player, recording, duration }: Props) {
  const { t } = useTranslation('replay');
  const list = chapters(recording, duration);
  const current = usePlayerState(player, (state) => indexAt(list, state.time));
  const box = useFollow(current);
  const words = (chapter: Chapter) => {
    if (chapter.kind === 'named') return chapter.title;
    if (chapter.kind === 'start') return t('chapter.start');
    if (chapter.kind === 'gap') return t('chapter.gap', { count: Math.max(1, Math.round(chapter.seconds)) });
    return chapter.kind === 'share' ? t('chapter.share', { name: chapter.name }) : chapter.name;
  };
  return (
    <ol ref={box} className={styles.list}>
      {list.map((chapter, i) => (
        <li
          key={`${chapter.at} ${chapter.kind}`}
          className={cx(styles.message, i === current && styles.current)}
        >
          <button
            type="button"
            className={styles.line}
            aria-current={i === current ? 'true' : undefined}
            onClick={() => player.seek(chapter.at)}
          >
            <span className={styles.time}>{position(chapter.at)}</span>
            <Icon name={icons[chapter.kind]} size={18} />
            <span className={styles.text}>{words(chapter)}</span>
          </button>
        </li>
      ))}
    </ol>
  );
}

const tabs = ['chat', 'contents'] as const;

/** What went on beside the picture, in time with it; a press on a line goes to its moment. */
export function Side(props: Props) {
  const { t } = useTranslation('replay');
  const [tab, setTab] = useState<(typeof tabs)[number]>(
    props.recording.chat.length > 0 ? 'chat' : 'contents',
  );
  return (
    <aside className={styles.side} aria-label={t('side')}>
      <div className={styles.tabs}>
        {tabs.map((one) => (
          <button
            key={one}
            type="button"
            className={styles.tab}
            aria-pressed={tab === one}
            onClick={() => setTab(one)}
          >
            {t(`${one}.title`)}
          </button>
        ))}
      </div>
      {tab === 'chat' ? <Chat {...props} /> : <Contents {...props} />}
    </aside>
  );
}
