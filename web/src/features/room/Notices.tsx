import { useCallback, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { assertNever } from '@/rtc/assertNever.ts';
import type { Notice } from '@/rtc/roomState.ts';
import { IconButton } from '@/ui/IconButton.tsx';
import { Icon } from '@/ui/icons.tsx';
import styles from './Notices.module.css';
import { useRoom } from './roomContext.tsx';

type Words = ReturnType<typeof useTranslation<'room'>>['t'];

/** The words of a notice, and whether they are shown or only told to screen readers. */
export function noticeWords(notice: Notice, t: Words): { text: string; shown: boolean; bad: boolean } {
  switch (notice.kind) {
    case 'joined':
    case 'left':
    case 'removed':
    case 'sharing':
      return { text: t(`notice.${notice.kind}`, { name: notice.name }), shown: false, bad: false };
    case 'hand':
      return { text: t('notice.hand', { name: notice.name }), shown: true, bad: false };
    case 'muted':
      return {
        text: t(`notice.muted.${notice.source}`, { name: notice.by }),
        shown: notice.source !== 'share_audio', // it goes with its screen, and one slip is enough
        bad: false,
      };
    case 'refused':
      return { text: t(`notice.refused.${notice.what}`), shown: true, bad: true };
    case 'unplugged':
      return { text: t(`notice.unplugged.${notice.source}`), shown: true, bad: false };
    case 'device':
      return { text: deviceWords(notice, t), shown: true, bad: true };
    default:
      return assertNever(notice);
  }
}

/** In the lesson it is the bar's button that tries again; the green room has one of its own. */
function deviceWords({ source, problem }: Extract<Notice, { kind: 'device' }>, t: Words): string {
  const { kind } = problem;
  if (source === 'share' || source === 'share_audio') return t(`device.${kind}.share`);
  if (kind === 'insecure' || kind === 'unsupported') return t(`device.${kind}.${source}`);
  return t(`notice.device.${kind}.${source}`);
}

interface Slip {
  readonly id: number;
  readonly text: string;
  readonly bad: boolean;
}

const stays = 7_000; // ms
const staysBad = 20_000; // ms: there is something to read and to do
const atMost = 3;

/** The notices that are new since the last look, and what is still on the screen of those before. */
function useSlips(t: Words) {
  const notices = useRoom((room) => room.notices);
  const moderate = useRoom((room) => room.permissions.moderate);
  const told = useRef(0);
  const [spoken, setSpoken] = useState('');
  const [slips, setSlips] = useState<readonly Slip[]>([]);
  useEffect(() => {
    const fresh = notices.filter((one) => one.id > told.current);
    told.current = notices.at(-1)?.id ?? told.current;
    for (const { id, notice } of fresh) {
      const { text, shown, bad } = noticeWords(notice, t);
      // A hand is for the teacher; among pupils it would only be a ping every minute.
      if (shown && (notice.kind !== 'hand' || moderate)) {
        setSlips((now) => [...now.slice(1 - atMost), { id, text, bad }]);
      } else setSpoken(text);
    }
  }, [notices, t, moderate]);
  const dismiss = useCallback((id: number) => setSlips((now) => now.filter((one) => one.id !== id)), []);
  return { spoken, slips, dismiss };
}

/** Says what happened: slips above the bar for those who see, a polite live region for those who listen. */
export function Notices() {
  const { t } = useTranslation('room');
  const { spoken, slips, dismiss } = useSlips(t);
  return (
    <div className={styles.place}>
      <ol className={styles.stack} aria-live="polite">
        {slips.map((slip) => (
          <SlipLine key={slip.id} slip={slip} onClose={dismiss} />
        ))}
      </ol>
      <p className="visually-hidden" aria-live="polite" data-testid="announcer">
        {spoken}
      </p>
    </div>
  );
}

function SlipLine({ slip, onClose }: { slip: Slip; onClose: (id: number) => void }) {
  const { t } = useTranslation();
  useEffect(() => {
    const timer = setTimeout(() => onClose(slip.id), slip.bad ? staysBad : stays);
    return () => clearTimeout(timer);
  }, [slip, onClose]);
  return (
    <li className={styles.slip} data-testid="notice" data-bad={slip.bad}>
      {slip.bad && <Icon name="warning" size={20} />}
      <span className={styles.text}>{slip.text}</span>
      <IconButton icon="x" size={20} label={t('close')} onClick={() => onClose(slip.id)} />
    </li>
  );
}
