import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ask } from '@/api/ask.ts';
import { deleteRecording } from '@/api/generated/sdk.gen.ts';
import type { Recording } from '@/api/generated/types.gen.ts';
import { recordingQuery, todayQuery } from '@/api/queries.ts';
import { copyText } from '@/parts/copyText.ts';
import { problemWords } from '@/parts/problemText.ts';
import { position } from '@/parts/time.ts';
import { Button } from '@/ui/Button.tsx';
import { Dialog } from '@/ui/Dialog.tsx';
import { toast } from '@/ui/Toast.tsx';
import styles from './Page.module.css';
import type { Player } from './player/Player.ts';

function DeleteDialog({ recording, onClose }: { recording: Recording; onClose: () => void }) {
  const { t } = useTranslation('replay');
  const { t: common } = useTranslation();
  const client = useQueryClient();
  const navigate = useNavigate();
  const remove = useMutation({
    mutationFn: () => ask(deleteRecording({ path: { id: recording.id } })),
    onSuccess: async () => {
      toast({ tone: 'good', text: t('delete.done') });
      await navigate({ to: '/' });
      client.removeQueries({ queryKey: recordingQuery(recording.id).queryKey });
      void client.invalidateQueries({ queryKey: todayQuery.queryKey });
    },
    onError: (failure) => toast({ tone: 'bad', text: problemWords(failure, common).title }),
  });
  const actions = (
    <>
      <Button onClick={onClose}>{common('cancel')}</Button>
      <Button look="danger" icon="trash" busy={remove.isPending} onClick={() => remove.mutate()}>
        {t('delete.go')}
      </Button>
    </>
  );
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('delete.title')}
      text={t('delete.text', { title: recording.title })}
      closeLabel={common('close')}
      actions={actions}
    />
  );
}

/** What can be done with the recording as a whole. */
export function Actions({ recording, player }: { recording: Recording; player: Player | undefined }) {
  const { t } = useTranslation('replay');
  const [deleting, setDeleting] = useState(false);
  const copy = async () => {
    const seconds = Math.floor(player?.video.currentTime ?? 0);
    const url = `${window.location.origin}${window.location.pathname}#t=${seconds}`;
    const copied = await copyText(url);
    toast(
      copied
        ? { tone: 'good', text: t('link.copied', { time: position(seconds) }) }
        : { tone: 'bad', text: t('link.failed', { url }) },
    );
  };
  return (
    <div className={styles.actions}>
      <Button icon="link" onClick={() => void copy()}>
        {t('link.copy')}
      </Button>
      {recording.mayDelete && (
        <Button look="plain" icon="trash" className={styles.delete} onClick={() => setDeleting(true)}>
          {t('delete.open')}
        </Button>
      )}
      {deleting && <DeleteDialog recording={recording} onClose={() => setDeleting(false)} />}
    </div>
  );
}
