import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/ui/Button.tsx';
import { Dialog } from '@/ui/Dialog.tsx';
import { useRoom, useSession } from '../roomContext.tsx';
import styles from './Bar.module.css';
import { BarButton } from './BarButton.tsx';

/** A pupil leaves at once; who may end the lesson is asked which of the two is meant. */
export function LeaveButton({ onLeave }: { onLeave: () => void }) {
  const { t } = useTranslation('room');
  const { t: common } = useTranslation();
  const session = useSession();
  const mayEnd = useRoom((room) => room.permissions.end);
  const [asking, setAsking] = useState(false);
  const [ending, setEnding] = useState(false);
  const end = async () => {
    setEnding(true);
    await session.ask('end', 'end', {});
    setEnding(false);
    setAsking(false);
  };
  const actions = (
    <>
      <Button data-testid="leave-only" onClick={onLeave}>
        {t('leave.only')}
      </Button>
      <Button look="danger" busy={ending} data-testid="end-for-all" onClick={() => void end()}>
        {t('leave.end')}
      </Button>
    </>
  );
  return (
    <>
      <BarButton
        name="leave"
        icon="leave"
        label={t('bar.leave')}
        caption={t('bar.leaveCaption')}
        look="danger"
        className={styles.leave ?? ''}
        onClick={mayEnd ? () => setAsking(true) : onLeave}
      />
      <Dialog
        open={asking}
        onClose={() => setAsking(false)}
        closeLabel={common('close')}
        title={t('leave.title')}
        text={t('leave.text')}
        actions={actions}
      />
    </>
  );
}
