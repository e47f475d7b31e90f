import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Outsider, Participant } from '@/protocol/generated.ts';
import { isStaff } from '@/rtc/roomState.ts';
import { Avatar } from '@/ui/Avatar.tsx';
import { Button } from '@/ui/Button.tsx';
import { Dialog } from '@/ui/Dialog.tsx';
import { useRoom, useSession } from '../roomContext.tsx';
import styles from './Panel.module.css';
import { Panel } from './Panel.tsx';
import { PersonRow } from './PersonRow.tsx';

/** Hands first, in the order they went up; then the staff; then everybody by name. */
export function inOrder(people: readonly Participant[]): readonly Participant[] {
  const rank = (one: Participant) => (one.handAt ? 0 : isStaff(one) ? 1 : 2);
  return [...people].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      Date.parse(a.handAt ?? '0') - Date.parse(b.handAt ?? '0') ||
      a.name.localeCompare(b.name),
  );
}

/** Who is here; for staff, order in the room. */
export function PeoplePanel({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation('room');
  const people = useRoom((room) => room.people);
  const removed = useRoom((room) => room.removed);
  const moderate = useRoom((room) => room.permissions.moderate);
  const [removing, setRemoving] = useState<Participant | undefined>();
  const sorted = useMemo(() => inOrder(people), [people]);
  return (
    <Panel name="people" title={t('people.title', { count: people.length })} onClose={onClose}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <div className={styles.scroll} tabIndex={0}>
        <ul>
          {sorted.map((one) => (
            <PersonRow key={one.id} one={one} moderate={moderate} onRemove={setRemoving} />
          ))}
        </ul>
        {moderate && removed.length > 0 && <RemovedPeople people={removed} />}
      </div>
      {moderate && <ForAll />}
      <ConfirmRemoval one={removing} onClose={() => setRemoving(undefined)} />
    </Panel>
  );
}

function ForAll() {
  const { t } = useTranslation('room');
  const session = useSession();
  const hands = useRoom((room) => room.people.some((one) => one.handAt));
  return (
    <div className={styles.forAll}>
      <Button
        icon="micOff"
        data-testid="mute-all"
        onClick={() => void session.ask('moderate', 'mute', { participant: '', source: 'microphone' })}
      >
        {t('people.muteAll')}
      </Button>
      {hands && (
        <Button
          icon="hand"
          data-testid="lower-all"
          onClick={() => void session.ask('moderate', 'lower_hand', { participant: '' })}
        >
          {t('people.lowerAll')}
        </Button>
      )}
    </div>
  );
}

function RemovedPeople({ people }: { people: readonly Outsider[] }) {
  const { t } = useTranslation('room');
  const session = useSession();
  return (
    <section className={styles.group}>
      <h3 className={styles.groupTitle}>{t('people.removed')}</h3>
      <ul>
        {people.map((one) => (
          <li key={one.id} className={styles.person}>
            <Avatar name={one.name} size={36} />
            <span className={styles.who}>{one.name}</span>
            <Button
              data-testid="admit"
              onClick={() => void session.ask('moderate', 'admit', { participant: one.id })}
            >
              {t('people.admit')}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function ConfirmRemoval({ one, onClose }: { one: Participant | undefined; onClose: () => void }) {
  const { t } = useTranslation('room');
  const { t: common } = useTranslation();
  const session = useSession();
  const remove = () => {
    if (one) void session.ask('moderate', 'remove', { participant: one.id });
    onClose();
  };
  const actions = (
    <>
      <Button onClick={onClose}>{common('cancel')}</Button>
      <Button look="danger" data-testid="confirm" onClick={remove}>
        {t('people.removeYes')}
      </Button>
    </>
  );
  return (
    <Dialog
      open={one !== undefined}
      onClose={onClose}
      closeLabel={common('close')}
      title={t('people.removeTitle', { name: one?.name ?? '' })}
      text={t('people.removeText')}
      actions={actions}
    />
  );
}
