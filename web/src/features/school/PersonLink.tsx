import { useMutation, useSuspenseQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ask } from '@/api/ask.ts';
import { addLink } from '@/api/generated/sdk.gen.ts';
import type { Person } from '@/api/generated/types.gen.ts';
import { meQuery } from '@/api/queries.ts';
import { copyText } from '@/parts/copyText.ts';
import { problemWords } from '@/parts/problemText.ts';
import { moment } from '@/parts/time.ts';
import { Button } from '@/ui/Button.tsx';
import { Dialog } from '@/ui/Dialog.tsx';
import styles from './Page.module.css';

function Made({ url, expiresAt }: { url: string; expiresAt: string }) {
  const { t, i18n } = useTranslation('school');
  const { school } = useSuspenseQuery(meQuery).data;
  const [copied, setCopied] = useState<boolean>();
  return (
    <>
      <code className={styles.url}>{url}</code>
      <Button
        look="act"
        wide
        icon={copied ? 'check' : 'copy'}
        onClick={() => void copyText(url).then(setCopied)}
      >
        {copied ? t('link.copied') : t('link.copy')}
      </Button>
      <p role="status">{copied === false && t('link.copyFailed')}</p>
      <p className={styles.note}>
        {t('link.until', { time: moment(expiresAt, school.timeZone, i18n.language) })}
      </p>
    </>
  );
}

/** The link is made by a press, not by opening the dialog: each one lets somebody in. */
export function PersonLink({ person, onClose }: { person: Person; onClose: () => void }) {
  const { t } = useTranslation('school');
  const { t: common } = useTranslation();
  const make = useMutation({ mutationFn: () => ask(addLink({ path: { id: person.id }, body: {} })) });
  const failure = make.error ? problemWords(make.error, common) : undefined;
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('link.title', { name: person.name })}
      text={make.data ? t('link.madeText') : t('link.text')}
      closeLabel={common('close')}
    >
      {failure && (
        <p className={styles.problem} role="alert">
          <strong>{failure.title}.</strong> {failure.text}
        </p>
      )}
      {make.data ? (
        <Made url={make.data.url} expiresAt={make.data.expiresAt} />
      ) : (
        <Button look="act" wide icon="link" busy={make.isPending} onClick={() => make.mutate()}>
          {t('link.make')}
        </Button>
      )}
    </Dialog>
  );
}
