import { useTranslation } from 'react-i18next';
import { isPhone } from '@/rtc/capabilities.ts';
import type { IconName } from '@/ui/icons.tsx';
import { Menu, MenuItem, MenuLine } from '@/ui/Menu.tsx';
import { toggleFullscreen, toggleShare } from '../actions.ts';
import { useRoom, useSession } from '../roomContext.tsx';
import { BarButton } from './BarButton.tsx';
import { useRecord } from './useRecord.ts';

interface Props {
  compact: boolean;
  layout: 'speaker' | 'grid';
  onLayout: () => void;
  onPeople: () => void;
  onSettings: () => void;
  onDoors: () => void;
}

/** What is needed less often, and on a phone what the bar has no room for. */
export function MoreMenu({ compact, layout, onLayout, onPeople, onSettings, onDoors }: Props) {
  const { t } = useTranslation('room');
  const count = useRoom((room) => room.people.length);
  const moderate = useRoom((room) => room.permissions.moderate);
  const trigger = <BarButton name="more" icon="more" label={t('bar.more')} caption={t('bar.moreCaption')} />;
  return (
    <Menu trigger={trigger} side="top">
      {compact && (
        <Entry icon="people" onSelect={onPeople} name="people">
          {t('bar.peopleCaption', { count })}
        </Entry>
      )}
      <Entry
        icon={layout === 'grid' ? 'speakerView' : 'grid'}
        onSelect={onLayout}
        name={layout === 'grid' ? 'speaker' : 'grid'}
      >
        {t(layout === 'grid' ? 'menu.speaker' : 'menu.grid')}
      </Entry>
      {document.fullscreenEnabled && (
        <Entry icon="fullscreen" onSelect={toggleFullscreen} name="fullscreen">
          {t('menu.fullscreen')}
        </Entry>
      )}
      <Entry icon="settings" onSelect={onSettings} name="settings">
        {t('menu.settings')}
      </Entry>
      {moderate && (
        <Entry icon="camera" onSelect={onDoors} name="doors">
          {t('menu.doors')}
        </Entry>
      )}
      {compact && <CompactItems />}
    </Menu>
  );
}

interface EntryProps {
  /** For tests: data-testid is menu-<name>. */
  name: string;
  icon: IconName;
  disabled?: boolean;
  onSelect: () => void;
  children: string;
}

function Entry({ name, children, ...rest }: EntryProps) {
  return (
    <MenuItem {...rest}>
      <span data-testid={`menu-${name}`}>{children}</span>
    </MenuItem>
  );
}

function CompactItems() {
  const { t } = useTranslation('room');
  const session = useSession();
  const { record, share } = useRoom((room) => room.permissions);
  const sharing = useRoom((room) => room.own.share.state === 'on');
  const recording = useRecord();
  return (
    <>
      {(record || share) && <MenuLine />}
      {record && (
        <Entry icon="record" onSelect={recording.toggle} name="record">
          {t(recording.on ? 'bar.stopRecord' : 'bar.record')}
        </Entry>
      )}
      {share && isPhone() && (
        <Entry icon="shareOff" disabled onSelect={() => {}} name="share-missing">
          {t('menu.shareMissing')}
        </Entry>
      )}
      {share && !isPhone() && (
        <Entry icon="share" onSelect={() => toggleShare(session)} name="share">
          {t(sharing ? 'bar.stopShare' : 'bar.share')}
        </Entry>
      )}
    </>
  );
}
