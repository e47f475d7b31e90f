import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ChatLine } from '@/parts/ChatLine.tsx';
import { clock } from '@/parts/time.ts';
import type { Outgoing } from '@/rtc/chatState.ts';
import { Button } from '@/ui/Button.tsx';
import { useRoom, useSession, useTimeZone } from '../roomContext.tsx';
import { Compose } from './Compose.tsx';
import styles from './Panel.module.css';
import { Panel } from './Panel.tsx';

/** What was written in this lesson, also before one came. */
export function ChatPanel({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation('room');
  const { chat } = useSession();
  const allowed = useRoom((room) => room.permissions.chat);
  useEffect(() => {
    chat.open(true);
    return () => chat.open(false);
  }, [chat]);
  return (
    <Panel name="chat" title={t('chat.title')} onClose={onClose}>
      <Messages />
      {allowed ? (
        <Compose onSend={(text) => chat.send(text)} />
      ) : (
        <p className={styles.empty}>{t('chat.closed')}</p>
      )}
    </Panel>
  );
}

/** Stays at the newest message unless the reader has scrolled up to read. */
function useStickToEnd(count: number) {
  const ref = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when there are more messages
  useLayoutEffect(() => {
    const list = ref.current;
    if (list && atEnd.current) list.scrollTop = list.scrollHeight;
  }, [count]);
  const onScroll = () => {
    const list = ref.current;
    if (list) atEnd.current = list.scrollHeight - list.scrollTop - list.clientHeight < 48;
  };
  return { ref, onScroll };
}

function Messages() {
  const { t, i18n } = useTranslation('room');
  const { messages, outbox } = useRoom((room) => room.chat);
  const self = useRoom((room) => room.self);
  const timeZone = useTimeZone();
  const stick = useStickToEnd(messages.length + outbox.length);
  const empty = messages.length === 0 && outbox.length === 0;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div className={styles.scroll} tabIndex={0} {...stick}>
      {empty && <p className={styles.empty}>{t('chat.empty')}</p>}
      {!empty && <Older />}
      <ol aria-live="polite" aria-relevant="additions">
        {messages.map((one, i) => (
          <ChatLine
            key={one.id}
            name={one.name}
            text={one.text}
            time={clock(one.sentAt, timeZone, i18n.language)}
            own={one.from === self}
            follows={messages[i - 1]?.from === one.from}
          />
        ))}
        {outbox.map((one) => (
          <Outbound key={one.clientId} message={one} />
        ))}
      </ol>
    </div>
  );
}

function Outbound({ message }: { message: Outgoing }) {
  const { t, i18n } = useTranslation('room');
  const { t: common } = useTranslation();
  const { chat } = useSession();
  const timeZone = useTimeZone();
  const failed = message.state === 'failed';
  const note = failed ? (
    <>
      <span>{t('chat.failed')}</span>
      <Button look="plain" data-testid="chat-retry" onClick={() => chat.retry(message.clientId)}>
        {common('retry')}
      </Button>
    </>
  ) : (
    <span>{t('chat.pending')}</span>
  );
  return (
    <ChatLine
      name=""
      text={message.text}
      time={clock(new Date(message.writtenAt), timeZone, i18n.language)}
      own
      note={note}
      state={message.state}
    />
  );
}

function Older() {
  const { t } = useTranslation('room');
  const { chat } = useSession();
  const more = useRoom((room) => room.chat.more);
  const [busy, setBusy] = useState(false);
  if (!more) return null;
  const read = async () => {
    setBusy(true);
    await chat.readOlder();
    setBusy(false);
  };
  return (
    <div className={styles.older}>
      <Button look="plain" busy={busy} data-testid="chat-older" onClick={() => void read()}>
        {t('chat.older')}
      </Button>
    </div>
  );
}
