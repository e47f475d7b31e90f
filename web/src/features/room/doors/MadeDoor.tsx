import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { DoorMade } from '@/api/generated/types.gen.ts';
import { copyText } from '@/parts/copyText.ts';
import { Button } from '@/ui/Button.tsx';
import { Dialog } from '@/ui/Dialog.tsx';
import styles from './Doors.module.css';

/** The token is shown this once, so neither Escape nor a press beside the dialog closes it. */
export function MadeDoor({ made, onDone }: { made: DoorMade; onDone: () => void }) {
  const { t } = useTranslation('room');
  const { t: common } = useTranslation();
  return (
    <Dialog
      open
      wide
      onClose={onDone}
      title={t('doors.madeTitle', { name: made.name })}
      text={t(made.kind === 'watch' ? 'doors.madeWatch' : 'doors.madePublish')}
      actions={
        <Button look="act" data-testid="door-done" onClick={onDone}>
          {common('done')}
        </Button>
      }
    >
      <div className={styles.form}>
        <Secret label={t('doors.url')} value={made.url} name="url" />
        <Secret label={t('doors.token')} value={made.token} name="token" />
        <p className={styles.once}>{t('doors.once')}</p>
      </div>
    </Dialog>
  );
}

function Secret({ label, value, name }: { label: string; value: string; name: string }) {
  const { t } = useTranslation('room');
  const [copied, setCopied] = useState<boolean>();
  return (
    <div className={styles.secret}>
      <p className={styles.label}>{label}</p>
      <code className={styles.value} data-testid={`door-${name}`}>
        {value}
      </code>
      <Button
        icon={copied ? 'check' : 'copy'}
        aria-label={copied ? undefined : t('doors.copyThis', { what: label })}
        data-testid={`door-copy-${name}`}
        onClick={() => void copyText(value).then(setCopied)}
      >
        {copied ? t('doors.copiedShort') : t('doors.copy')}
      </Button>
      <p className={styles.note} role="status">
        {copied === false && t('doors.copyFailed')}
      </p>
    </div>
  );
}
