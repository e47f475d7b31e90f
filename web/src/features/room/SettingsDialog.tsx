import { useTranslation } from 'react-i18next';
import { Button } from '@/ui/Button.tsx';
import { Dialog } from '@/ui/Dialog.tsx';
import { Switch } from '@/ui/Switch.tsx';
import { Pickers } from './green/Pickers.tsx';
import { useLocal, useMedia } from './roomContext.tsx';
import styles from './SettingsDialog.module.css';

/** Devices and the two switches that belong to this device. */
export function SettingsDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation('room');
  const { t: common } = useTranslation();
  const media = useMedia();
  const { choices } = useLocal(media);
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={t('settings.title')}
      closeLabel={common('close')}
      actions={
        <Button look="act" onClick={onClose}>
          {common('done')}
        </Button>
      }
    >
      <div className={styles.fields}>
        <Pickers media={media} />
        <Switch
          label={t('settings.music')}
          hint={t('settings.musicHint')}
          checked={choices.sound === 'music'}
          onChange={(on) => void media.choose({ sound: on ? 'music' : 'speech' })}
        />
        <Switch
          label={t('settings.keys')}
          hint={t('settings.keysHint')}
          checked={choices.keys}
          onChange={(keys) => void media.choose({ keys })}
        />
      </div>
    </Dialog>
  );
}
