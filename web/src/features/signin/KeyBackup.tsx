import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { copyText } from '@/parts/copyText.ts';
import { Button } from '@/ui/Button.tsx';
import styles from './Frame.module.css';

const fileName = 'zvonok-master-key.txt';

function download(text: string) {
  const url = URL.createObjectURL(new Blob([`${text}\n`], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  URL.revokeObjectURL(url);
}

/** The key is shown once: nobody gets past without saying that it is kept. */
export function KeyBackup({ backup, onDone }: { backup: string; onDone: () => void }) {
  const { t } = useTranslation('signin');
  const [copied, setCopied] = useState<boolean>();
  const [kept, setKept] = useState(false);
  const copy = async () => setCopied(await copyText(backup));
  return (
    <>
      <code className={styles.key}>{backup}</code>
      <div className={styles.row}>
        <Button icon={copied ? 'check' : 'copy'} onClick={() => void copy()}>
          {copied ? t('backup.copied') : t('backup.copy')}
        </Button>
        <Button icon="download" onClick={() => download(backup)}>
          {t('backup.download')}
        </Button>
      </div>
      <p role="status">{copied === false && t('backup.copyFailed')}</p>
      <label className={styles.confirm}>
        <input type="checkbox" checked={kept} onChange={(event) => setKept(event.target.checked)} />
        {t('backup.kept')}
      </label>
      <Button look="act" size="l" wide disabled={!kept} onClick={onDone}>
        {t('backup.on')}
      </Button>
    </>
  );
}
