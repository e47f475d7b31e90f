import { useTranslation } from 'react-i18next';
import { clock } from '@/parts/time.ts';
import { Button } from '@/ui/Button.tsx';
import { cx } from '@/ui/cx.ts';
import { Icon, type IconName } from '@/ui/icons.tsx';
import { toggleSource } from './actions.ts';
import styles from './Banners.module.css';
import { useRoom, useSession, useTimeZone } from './roomContext.tsx';

/** What is good to know now and goes away by itself. The most pressing one only: two banners are read by nobody. */
export function Banners() {
  const { t, i18n } = useTranslation('room');
  const session = useSession();
  const timeZone = useTimeZone();
  const reconnecting = useRoom((room) => room.connection.state === 'reconnecting');
  const failed = useRoom((room) => room.media === 'failed');
  const endsAt = useRoom((room) => room.phase.endsAt);
  const talking = useRoom((room) => room.talkingMuted);
  const sharing = useRoom((room) => room.own.share.state === 'on');
  const newBuild = useRoom((room) => room.newBuild);
  if (reconnecting) return <Banner kind="reconnecting" icon="wifiOff" text={t('banner.reconnecting')} />;
  if (failed) return <Banner kind="unheard" icon="wifiOff" text={t('banner.media')} />;
  if (talking) {
    const unmute = (
      <Button look="bell" onClick={() => toggleSource(session, 'microphone')}>
        {t('banner.unmute')}
      </Button>
    );
    return <Banner kind="talking-muted" icon="micOff" text={t('banner.talking')} action={unmute} />;
  }
  if (endsAt) {
    const time = clock(endsAt, timeZone, i18n.language);
    return <Banner kind="ending" icon="clock" text={t('banner.ending', { time })} />;
  }
  if (sharing) {
    const stop = <Button onClick={() => void session.sources.stopShare()}>{t('banner.stopShare')}</Button>;
    return <Banner kind="sharing" icon="share" text={t('banner.sharing')} action={stop} />;
  }
  if (newBuild) {
    const reload = <Button onClick={() => window.location.reload()}>{t('banner.reload')}</Button>;
    return <Banner kind="new-build" icon="bell" text={t('banner.newBuild')} action={reload} />;
  }
  return null;
}

interface Props {
  kind: string;
  icon: IconName;
  text: string;
  action?: React.ReactNode;
}

function Banner({ kind, icon, text, action }: Props) {
  return (
    <div className={cx(styles.banner, styles[kind])} role="status" data-testid="banner" data-kind={kind}>
      <Icon name={icon} size={20} />
      <p className={styles.text}>{text}</p>
      {action}
    </div>
  );
}
