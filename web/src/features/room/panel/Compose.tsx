import { type FormEvent, type KeyboardEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { IconButton } from '@/ui/IconButton.tsx';
import styles from './Panel.module.css';

const longest = 4_000; // characters, as the server takes them

/** Enter sends, Shift and Enter make a new line. */
export function Compose({ onSend }: { onSend: (text: string) => void }) {
  const { t } = useTranslation('room');
  const [text, setText] = useState('');
  const send = (event?: FormEvent) => {
    event?.preventDefault();
    const said = text.trim();
    if (!said) return;
    onSend(said);
    setText('');
  };
  const press = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  return (
    <form className={styles.compose} onSubmit={send}>
      <textarea
        className={styles.input}
        rows={1}
        value={text}
        maxLength={longest}
        aria-label={t('chat.write')}
        placeholder={t('chat.write')}
        data-testid="chat-input"
        enterKeyHint="send"
        onChange={(event) => setText(event.target.value)}
        onKeyDown={press}
      />
      <IconButton
        icon="send"
        type="submit"
        look="on"
        label={t('chat.send')}
        data-testid="chat-send"
        disabled={text.trim() === ''}
      />
    </form>
  );
}
