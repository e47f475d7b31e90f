import { useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Participant } from '@/protocol/generated.ts';
import { isPhone } from '@/rtc/capabilities.ts';
import { onStage } from '@/rtc/layout.ts';
import { hasTile, isStaff, sharer } from '@/rtc/roomState.ts';
import { useRoom, useSession } from '../roomContext.tsx';
import { useBox } from '../useBox.ts';
import { useSeats } from '../useSeats.ts';
import { GridView } from './GridView.tsx';
import styles from './MainArea.module.css';
import { plan } from './plan.ts';
import { SelfTile } from './SelfTile.tsx';
import { StageView } from './StageView.tsx';

interface Props {
  layout: 'speaker' | 'grid';
  pinned: string;
  onPin: (participant: string) => void;
  onPeople: () => void;
}

const phone = isPhone();

/** Whom the others are, and who of them belongs on the stage. */
function useOthers(pinned: string) {
  const people = useRoom((room) => room.people);
  const self = useRoom((room) => room.self);
  const occupant = useRoom((room) => room.slots[0]?.participant ?? '');
  const active = useRoom((room) => room.speakers.active);
  const share = useRoom(sharer);
  const others = useMemo(() => people.filter((one) => one.id !== self && hasTile(one)), [people, self]);
  const stage = useMemo(() => {
    const present = others.map((one) => ({ id: one.id, staff: isStaff(one) }));
    return onStage(pinned, occupant, active, present);
  }, [others, pinned, occupant, active]);
  return { others, stage, occupant, active, share: share?.id === self ? undefined : share };
}

/** Everything between the top line and the bar: who is seen, where and how large. */
export function MainArea({ layout, pinned, onPin, onPeople }: Props) {
  const { t } = useTranslation('room');
  const session = useSession();
  const [ref, box] = useBox();
  const [page, setPage] = useState(0);
  const { others, stage, occupant, active, share } = useOthers(pinned);
  const slots = session.kinds.filter((kind) => kind === 'tile').length;
  const arranged = plan({
    ...box,
    others: others.length,
    share: share !== undefined,
    pinned: pinned !== '',
    layout,
    slots,
    phone,
  });
  const speaker = arranged.kind === 'stage' && arranged.main === 'speaker';
  const room = arranged.kind === 'alone' ? 0 : arranged.seats + (speaker ? 1 : 0);
  const row = useSeats(others, speaker ? stage : '', active, room);
  useEffect(() => session.view.stage(pinned, occupant), [session, pinned, occupant]);

  return (
    <section ref={ref} className={styles.area} aria-label={t('stage.label')} data-layout={arranged.kind}>
      {arranged.kind === 'alone' && <Alone />}
      {box.width > 0 && arranged.kind === 'grid' && (
        <GridView row={row} size={arranged.seats} box={box} page={page} onPage={setPage} onPin={onPin} />
      )}
      {box.width > 0 && arranged.kind === 'stage' && (
        <StageView
          arranged={arranged}
          row={row}
          stage={find(others, stage)}
          share={share}
          pinned={pinned}
          onPin={onPin}
          onMore={onPeople}
        />
      )}
    </section>
  );
}

function find(others: readonly Participant[], id: string): Participant | undefined {
  return others.find((one) => one.id === id);
}

function Alone() {
  const { t } = useTranslation('room');
  return (
    <div className={styles.alone}>
      <SelfTile place="stage" />
      <p className={styles.aloneText}>{t('stage.alone')}</p>
    </div>
  );
}
