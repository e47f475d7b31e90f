import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ask } from '@/api/ask.ts';
import { revokeDoor } from '@/api/generated/sdk.gen.ts';
import type { Door } from '@/api/generated/types.gen.ts';
import { doorsQuery } from '@/api/queries.ts';
import { copyText } from '@/parts/copyText.ts';
import { problemWords } from '@/parts/problemText.ts';
import { moment } from '@/parts/time.ts';
import type { Participant } from '@/protocol/generated.ts';
import { Button } from '@/ui/Button.tsx';
import { cx } from '@/ui/cx.ts';
import { IconButton } from '@/ui/IconButton.tsx';
import { Icon } from '@/ui/icons.tsx';
import { toast } from '@/ui/Toast.tsx';
import { useRoom, useTimeZone } from '../roomContext.tsx';
import styles from './Doors.module.css';

type State = 'sends' | 'sound' | 'picture' | 'silent' | 'watches' | 'expired' | 'away';

/** What a door's device does now, from who is in the room: the room tells it at once. */
export function doorState(door: Door, device: Participant | undefined): State {
  if (!device) return door.expired ? 'expired' : 'away';
  if (door.kind === 'watch') return 'watches';
  const sound = device.sources.includes('microphone');
  const picture = device.sources.includes('camera');
  if (sound && picture) return 'sends';
  if (sound) return 'sound';
  return picture ? 'picture' : 'silent';
}

/** One device: what it is, whether it is here, and the way to send it away for good. */
export function DoorRow({ lesson, door }: { lesson: string; door: Door }) {
  const { t, i18n } = useTranslation('room');
  const timeZone = useTimeZone();
  const device = useRoom((room) => room.people.find((one) => one.id === door.deviceId));
  const [asking, setAsking] = useState(false);
  const state = doorState(door, device);
  const until = moment(door.expiresAt, timeZone, i18n.language);
  const copy = async () => {
    const copied = await copyText(door.url);
    toast(copied ? { tone: 'good', text: t('doors.copied') } : { tone: 'bad', text: t('doors.copyFailed') });
  };
  return (
    <li className={styles.door} data-testid="door" data-state={state}>
      <Icon name={door.kind === 'watch' ? 'share' : 'camera'} />
      <div className={styles.about}>
        <p className={styles.name}>{door.name}</p>
        <p className={cx(styles.state, device && styles.here)} role="status">
          {t(`doors.state.${state}`)}
        </p>
        <p className={styles.note}>
          {t(door.kind === 'watch' ? 'doors.watchUntil' : 'doors.publishUntil', {
            time: until,
            name: door.madeByName,
          })}
        </p>
      </div>
      {asking ? (
        <Revoking lesson={lesson} door={door} onKeep={() => setAsking(false)} />
      ) : (
        <div className={styles.marks}>
          <IconButton
            icon="copy"
            size={20}
            label={t('doors.copyURL', { name: door.name })}
            onClick={() => void copy()}
          />
          <IconButton
            icon="trash"
            size={20}
            label={t('doors.revoke', { name: door.name })}
            data-testid="door-revoke"
            onClick={() => setAsking(true)}
          />
        </div>
      )}
    </li>
  );
}

/** Asked in the row itself, where the press was: keeping is one press away and has the focus. */
function Revoking({ lesson, door, onKeep }: { lesson: string; door: Door; onKeep: () => void }) {
  const { t } = useTranslation('room');
  const { t: common } = useTranslation();
  const client = useQueryClient();
  const keep = useRef<HTMLButtonElement>(null);
  useEffect(() => keep.current?.focus(), []);
  const revoke = useMutation({
    mutationFn: () => ask(revokeDoor({ path: { id: lesson, door: door.id } })),
    onSuccess: () => {
      toast({ tone: 'good', text: t('doors.revoked', { name: door.name }) });
      return client.invalidateQueries({ queryKey: doorsQuery(lesson).queryKey });
    },
  });
  const failure = revoke.error ? problemWords(revoke.error, common) : undefined;
  return (
    <div className={styles.asking}>
      <p>{t('doors.revokeText')}</p>
      {failure && (
        <p className={styles.problem} role="alert">
          <strong>{failure.title}.</strong> {failure.text}
        </p>
      )}
      <div className={styles.actions}>
        <Button ref={keep} onClick={onKeep}>
          {t('doors.keep')}
        </Button>
        <Button
          look="danger"
          busy={revoke.isPending}
          data-testid="door-revoke-yes"
          onClick={() => revoke.mutate()}
        >
          {t('doors.revokeYes')}
        </Button>
      </div>
    </div>
  );
}
