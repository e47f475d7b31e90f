import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { assertNever } from '@/rtc/assertNever.ts';
import type { Connection } from '@/rtc/roomState.ts';
import { Button, buttonLook } from '@/ui/Button.tsx';
import { Card } from './GateCard.tsx';
import { ReplayLink } from './ReplayLink.tsx';

interface Props {
  connection: Exclude<Connection, { state: 'live' | 'reconnecting' }>;
  title: string;
  recorded: boolean;
  /** Joins again; this tab takes over. */
  onJoin: () => void;
  onLeave: () => void;
}

/** What fills the page when there is no room to show: what happened, and the one thing to do now. */
export function Gate({ connection, title, recorded, onJoin, onLeave }: Props) {
  const { t } = useTranslation('room');
  switch (connection.state) {
    case 'idle':
    case 'left':
      return <Card title={t('gate.connecting')} wait />;
    case 'connecting':
      return (
        <Card
          title={t('gate.connecting')}
          text={connection.slow ? t('gate.slow') : undefined}
          wait
          actions={connection.slow && <Button onClick={onLeave}>{t('gate.today')}</Button>}
        />
      );
    case 'waiting':
      return (
        <Card
          icon="bell"
          title={t('gate.waiting')}
          text={t('gate.waitingText', { title })}
          actions={<Button onClick={onLeave}>{t('gate.leave')}</Button>}
        />
      );
    case 'elsewhere':
      return (
        <Card
          icon="pip"
          title={t('gate.elsewhere')}
          text={t('gate.elsewhereText')}
          actions={<Again label={t('gate.return')} testId="return-here" onJoin={onJoin} />}
        />
      );
    case 'removed':
      return <Card icon="leave" title={t('gate.removed')} text={t('gate.removedText')} actions={<Today />} />;
    case 'ended':
      return (
        <Card
          icon="bell"
          title={t('gate.ended')}
          text={t(recorded ? 'gate.endedRecorded' : 'gate.endedText')}
          actions={
            <>
              {recorded && <ReplayLink />}
              <Today />
            </>
          }
        />
      );
    case 'upgraded':
      return (
        <Card icon="retry" title={t('gate.upgraded')} text={t('gate.upgradedText')} actions={<Reload />} />
      );
    case 'failed':
      return <Failed failure={connection.failure} onJoin={onJoin} />;
    default:
      return assertNever(connection);
  }
}

function Failed({
  failure,
  onJoin,
}: {
  failure: Extract<Connection, { state: 'failed' }>['failure'];
  onJoin: () => void;
}) {
  const { t } = useTranslation('room');
  const again = failure.kind === 'protocol' || failure.kind === 'unavailable';
  const signIn = (
    <Link to="/sign-in" search={{ next: window.location.pathname }} className={buttonLook('act', 'l')}>
      {t('gate.signIn')}
    </Link>
  );
  return (
    <Card
      icon="warning"
      title={t(`gate.failed.${failure.kind}.title`)}
      text={t(`gate.failed.${failure.kind}.text`)}
      actions={
        <>
          {again && <Again label={t('gate.again')} testId="join-again" onJoin={onJoin} />}
          {failure.kind === 'signed_out' && signIn}
          <Today />
        </>
      }
    />
  );
}

function Again({ label, testId, onJoin }: { label: string; testId: string; onJoin: () => void }) {
  const [pressed, setPressed] = useState(false);
  const press = () => {
    setPressed(true);
    onJoin();
  };
  return (
    <Button look="bell" size="l" busy={pressed} data-testid={testId} onClick={press}>
      {label}
    </Button>
  );
}

function Reload() {
  const { t } = useTranslation('room');
  return (
    <Button look="bell" size="l" icon="retry" data-testid="reload" onClick={() => window.location.reload()}>
      {t('banner.reload')}
    </Button>
  );
}

function Today() {
  const { t } = useTranslation('room');
  return (
    <Link to="/" className={buttonLook('quiet', 'l')} data-testid="to-today">
      {t('gate.today')}
    </Link>
  );
}
