import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { DoorMade } from '@/api/generated/types.gen.ts';
import { doorsQuery } from '@/api/queries.ts';
import { Failure } from '@/parts/Failure.tsx';
import { Button } from '@/ui/Button.tsx';
import { Dialog } from '@/ui/Dialog.tsx';
import { EmptyState } from '@/ui/EmptyState.tsx';
import { Skeleton } from '@/ui/Skeleton.tsx';
import { useRoom } from '../roomContext.tsx';
import { DoorRow } from './DoorRow.tsx';
import styles from './Doors.module.css';
import { MadeDoor } from './MadeDoor.tsx';
import { NewDoor } from './NewDoor.tsx';

/** Cameras, mixers and screens that come in with a token of their own. */
export function DoorsDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation('room');
  const { t: common } = useTranslation();
  const lesson = useRoom((room) => room.lesson?.id ?? '');
  const [adding, setAdding] = useState(false);
  const [made, setMade] = useState<DoorMade>();
  if (made) return <MadeDoor made={made} onDone={() => setMade(undefined)} />;
  const finish = (door: DoorMade) => {
    setMade(door);
    setAdding(false);
  };
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={t(adding ? 'doors.newTitle' : 'doors.title')}
      text={t(adding ? 'doors.newText' : 'doors.text')}
      closeLabel={common('close')}
    >
      {adding ? (
        <NewDoor lesson={lesson} onBack={() => setAdding(false)} onMade={finish} />
      ) : (
        <DoorList lesson={lesson} onAdd={() => setAdding(true)} />
      )}
    </Dialog>
  );
}

function DoorList({ lesson, onAdd }: { lesson: string; onAdd: () => void }) {
  const { t } = useTranslation('room');
  const { data, error, refetch, isFetching } = useQuery(doorsQuery(lesson));
  if (error && !data)
    return <Failure failure={error} onRetry={() => void refetch()} busy={isFetching} alone />;
  if (!data) return <Skeleton height={120} />;
  const add = (
    <Button look="act" icon="plus" data-testid="door-new" onClick={onAdd}>
      {t('doors.add')}
    </Button>
  );
  if (data.doors.length === 0)
    return <EmptyState icon="camera" title={t('doors.none')} text={t('doors.noneText')} action={add} />;
  return (
    <>
      <ul className={styles.list}>
        {data.doors.map((door) => (
          <DoorRow key={door.id} lesson={lesson} door={door} />
        ))}
      </ul>
      <div className={styles.actions}>{add}</div>
    </>
  );
}
