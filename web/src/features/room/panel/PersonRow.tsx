import { useTranslation } from 'react-i18next';
import type { Participant } from '@/protocol/generated.ts';
import { isStaff } from '@/rtc/roomState.ts';
import { Avatar } from '@/ui/Avatar.tsx';
import { IconButton } from '@/ui/IconButton.tsx';
import { Icon, type IconName } from '@/ui/icons.tsx';
import { useRoom, useSession } from '../roomContext.tsx';
import styles from './Panel.module.css';

interface Props {
  one: Participant;
  moderate: boolean;
  onRemove: (one: Participant) => void;
}

export function PersonRow({ one, moderate, onRemove }: Props) {
  const { t } = useTranslation('room');
  const self = useRoom((room) => room.self === one.id);
  const note = one.away ? t('people.away') : one.role === 'student' ? '' : t(`people.${one.role}`);
  return (
    <li className={styles.person} data-testid="person" data-participant={one.id}>
      <Avatar name={one.name} size={36} />
      <div className={styles.who}>
        <p className={styles.personName}>{self ? t('people.self', { name: one.name }) : one.name}</p>
        {note && <p className={styles.role}>{note}</p>}
      </div>
      <div className={styles.marks}>
        <HandMark one={one} moderate={moderate} />
        {moderate && !self && <PictureMarks one={one} />}
        <MicMark one={one} moderate={moderate && !self} />
        {moderate && !self && !isStaff(one) && (
          <IconButton
            icon="x"
            size={20}
            label={t('people.remove', { name: one.name })}
            data-testid="remove"
            onClick={() => onRemove(one)}
          />
        )}
      </div>
    </li>
  );
}

function HandMark({ one, moderate }: { one: Participant; moderate: boolean }) {
  const { t } = useTranslation('room');
  const session = useSession();
  if (!one.handAt) return null;
  if (!moderate) {
    return (
      <>
        <Icon name="hand" size={20} className={styles.handUp} />
        <span className="visually-hidden">{t('tile.hand')}</span>
      </>
    );
  }
  return (
    <IconButton
      icon="hand"
      size={20}
      className={styles.handUp ?? ''}
      label={t('people.lowerHand', { name: one.name })}
      data-testid="lower-hand"
      onClick={() => void session.ask('moderate', 'lower_hand', { participant: one.id })}
    />
  );
}

function MicMark({ one, moderate }: { one: Participant; moderate: boolean }) {
  const { t } = useTranslation('room');
  if (!one.sources.includes('microphone')) {
    return (
      <>
        <Icon name="micOff" size={20} />
        <span className="visually-hidden">{t('tile.muted')}</span>
      </>
    );
  }
  if (!moderate) return <Icon name="mic" size={20} />;
  return <Stop one={one} source="microphone" icon="mic" label={t('people.mute', { name: one.name })} />;
}

/** What else can be stopped, while it is on. Its owner may turn it on again. */
function PictureMarks({ one }: { one: Participant }) {
  const { t } = useTranslation('room');
  const { name, sources } = one;
  return (
    <>
      {sources.includes('camera') && (
        <Stop one={one} source="camera" icon="camera" label={t('people.stopCamera', { name })} />
      )}
      {sources.includes('share') && (
        <Stop one={one} source="share" icon="share" label={t('people.stopShare', { name })} />
      )}
    </>
  );
}

interface StopProps {
  one: Participant;
  source: 'microphone' | 'camera' | 'share';
  icon: IconName;
  label: string;
}

/** Closes a source of somebody else in the server. */
function Stop({ one, source, icon, label }: StopProps) {
  const session = useSession();
  const stop = () => void session.ask('moderate', 'mute', { participant: one.id, source });
  return (
    <IconButton
      icon={icon}
      size={20}
      label={label}
      data-testid={source === 'microphone' ? 'mute' : `stop-${source}`}
      onClick={stop}
    />
  );
}
