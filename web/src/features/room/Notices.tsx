import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { assertNever } from '@/rtc/assertNever.ts';
import type { Notice } from '@/rtc/roomState.ts';
import { toast } from '@/ui/Toast.tsx';
import { useRoom } from './roomContext.tsx';

type Words = ReturnType<typeof useTranslation<'room'>>['t'];

/** The words of a notice, and whether they are shown or only told to screen readers. */
export function noticeWords(notice: Notice, t: Words): { text: string; shown: boolean; bad: boolean } {
  switch (notice.kind) {
    case 'joined':
    case 'left':
    case 'removed':
      return { text: t(`notice.${notice.kind}`, { name: notice.name }), shown: false, bad: false };
    case 'hand':
    case 'sharing':
      return { text: t(`notice.${notice.kind}`, { name: notice.name }), shown: true, bad: false };
    case 'muted':
      return { text: t(`notice.muted.${notice.source}`, { name: notice.by }), shown: true, bad: false };
    case 'refused':
      return { text: t(`notice.refused.${notice.what}`), shown: true, bad: true };
    case 'unplugged':
      return { text: t(`notice.unplugged.${notice.source}`), shown: true, bad: false };
    case 'device':
      return { text: t(`device.${notice.problem.kind}.${deviceOf(notice.source)}`), shown: true, bad: true };
    default:
      return assertNever(notice);
  }
}

function deviceOf(source: 'microphone' | 'camera' | 'share' | 'share_audio') {
  return source === 'share_audio' ? 'share' : source;
}

/** Says what happened: toasts for those who see, a polite live region for those who listen. */
export function Notices() {
  const { t } = useTranslation('room');
  const notices = useRoom((room) => room.notices);
  const moderate = useRoom((room) => room.permissions.moderate);
  const told = useRef(0);
  const [spoken, setSpoken] = useState('');
  useEffect(() => {
    const fresh = notices.filter((one) => one.id > told.current);
    told.current = notices.at(-1)?.id ?? told.current;
    for (const { notice } of fresh) {
      const { text, shown, bad } = noticeWords(notice, t);
      // A hand is for the teacher; among pupils it would only be a ping every minute.
      if (shown && (notice.kind !== 'hand' || moderate))
        toast({ text, ...(bad ? { tone: 'bad' as const } : {}) });
      else setSpoken(text);
    }
  }, [notices, t, moderate]);
  return (
    <p className="visually-hidden" aria-live="polite" data-testid="announcer">
      {spoken}
    </p>
  );
}
