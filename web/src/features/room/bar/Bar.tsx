import { useTranslation } from 'react-i18next';
import { isPhone } from '@/rtc/capabilities.ts';
import { toggleShare } from '../actions.ts';
import { useRoom, useSession } from '../roomContext.tsx';
import { useCompact } from '../useMediaQuery.ts';
import styles from './Bar.module.css';
import { BarButton } from './BarButton.tsx';
import { LeaveButton } from './LeaveButton.tsx';
import { MoreMenu } from './MoreMenu.tsx';
import { OwnButtons } from './OwnButtons.tsx';
import { useRecord } from './useRecord.ts';

export type PanelName = 'chat' | 'people';

interface Props {
  panel: PanelName | undefined;
  onPanel: (panel: PanelName) => void;
  layout: 'speaker' | 'grid';
  onLayout: () => void;
  onSettings: () => void;
  onDoors: () => void;
  onLeave: () => void;
}

/** Everything one does in a lesson, within the thumb's reach. */
export function Bar({ panel, onPanel, layout, onLayout, onSettings, onDoors, onLeave }: Props) {
  const compact = useCompact();
  const permissions = useRoom((room) => room.permissions);
  return (
    <footer className={styles.bar}>
      <OwnButtons />
      {!compact && !isPhone() && permissions.share && <ShareButton />}
      <span className={styles.gap} />
      <ChatButton open={panel === 'chat'} onPress={() => onPanel('chat')} />
      {!compact && <PeopleButton open={panel === 'people'} onPress={() => onPanel('people')} />}
      {!compact && permissions.record && <RecordButton />}
      <MoreMenu
        compact={compact}
        layout={layout}
        onLayout={onLayout}
        onPeople={() => onPanel('people')}
        onSettings={onSettings}
        onDoors={onDoors}
      />
      <LeaveButton onLeave={onLeave} />
    </footer>
  );
}

function ShareButton() {
  const { t } = useTranslation('room');
  const session = useSession();
  const on = useRoom((room) => room.own.share.state === 'on');
  return (
    <BarButton
      name="share"
      icon={on ? 'shareOff' : 'share'}
      label={t(on ? 'bar.stopShare' : 'bar.share')}
      caption={t('bar.shareCaption')}
      shortcut="S"
      look={on ? 'on' : 'plain'}
      data-on={on}
      aria-pressed={on}
      onClick={() => toggleShare(session)}
    />
  );
}

function ChatButton({ open, onPress }: { open: boolean; onPress: () => void }) {
  const { t } = useTranslation('room');
  const unread = useRoom((room) => room.chat.unread);
  return (
    <BarButton
      name="chat"
      icon="chat"
      label={unread > 0 ? t('bar.chatUnread', { count: unread }) : t(open ? 'bar.closeChat' : 'bar.chat')}
      caption={t('bar.chatCaption')}
      shortcut="C"
      look={open ? 'on' : 'plain'}
      aria-expanded={open}
      badge={unread}
      onClick={onPress}
    />
  );
}

function PeopleButton({ open, onPress }: { open: boolean; onPress: () => void }) {
  const { t } = useTranslation('room');
  const count = useRoom((room) => room.people.length);
  const hands = useRoom((room) => room.people.filter((one) => one.handAt).length);
  return (
    <BarButton
      name="people"
      icon="people"
      label={t(open ? 'bar.closePeople' : 'bar.people', { count })}
      caption={t('bar.peopleCaption', { count })}
      shortcut="P"
      look={open ? 'on' : 'plain'}
      aria-expanded={open}
      badge={hands}
      onClick={onPress}
    />
  );
}

function RecordButton() {
  const { t } = useTranslation('room');
  const { on, toggle } = useRecord();
  return (
    <BarButton
      name="record"
      icon="record"
      label={t(on ? 'bar.stopRecord' : 'bar.record')}
      caption={t('bar.recordCaption')}
      look={on ? 'off' : 'plain'}
      data-on={on}
      aria-pressed={on}
      onClick={toggle}
    />
  );
}
