import { useTranslation } from 'react-i18next';
import { me, type Own } from '@/rtc/roomState.ts';
import { toggleHand, toggleSource } from '../actions.ts';
import { useRoom, useSession } from '../roomContext.tsx';
import { BarButton } from './BarButton.tsx';

function onState(own: Own): string {
  return own.state === 'starting' ? 'starting' : String(own.state === 'on');
}

/** Microphone, camera and hand. */
export function OwnButtons() {
  return (
    <>
      <SourceButton source="microphone" />
      <SourceButton source="camera" />
      <HandButton />
    </>
  );
}

function SourceButton({ source }: { source: 'microphone' | 'camera' }) {
  const { t } = useTranslation('room');
  const session = useSession();
  const own = useRoom((room) => room.own[source]);
  const live = useRoom(
    (room) => room.connection.state === 'live' || room.connection.state === 'reconnecting',
  );
  const allowed = useRoom((room) =>
    source === 'microphone' ? room.permissions.speak : room.permissions.video,
  );
  const on = own.state !== 'off';
  const mic = source === 'microphone';
  const icon = mic ? (on ? 'mic' : 'micOff') : on ? 'camera' : 'cameraOff';
  return (
    <BarButton
      name={source}
      icon={icon}
      label={t(on ? `bar.${source}Off` : `bar.${source}On`)}
      caption={t(`bar.${source}Caption`)}
      shortcut={mic ? 'M' : 'V'}
      look={on ? 'quiet' : 'off'}
      disabled={!live || !allowed}
      data-on={onState(own)}
      aria-pressed={on}
      onClick={() => toggleSource(session, source)}
    />
  );
}

function HandButton() {
  const { t } = useTranslation('room');
  const session = useSession();
  const up = useRoom((room) => Boolean(me(room)?.handAt));
  return (
    <BarButton
      name="hand"
      icon="hand"
      label={t(up ? 'bar.lowerHand' : 'bar.hand')}
      caption={t('bar.handCaption')}
      shortcut="H"
      look={up ? 'on' : 'plain'}
      data-on={up}
      aria-pressed={up}
      onClick={() => toggleHand(session)}
    />
  );
}
