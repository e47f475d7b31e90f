import { useEffect, useSyncExternalStore } from 'react';
import { Button } from './Button.tsx';
import { IconButton } from './IconButton.tsx';
import { Icon } from './icons.tsx';
import styles from './Toast.module.css';

export interface ToastMessage {
  text: string;
  /** good: it worked. bad: it did not, and the text says what to do. */
  tone?: 'good' | 'bad';
  action?: { label: string; run: () => void };
}

interface Shown extends ToastMessage {
  id: number;
}

const stays = 6_000; // ms; with a thing to press, twice as long
let shown: readonly Shown[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

function set(next: readonly Shown[]) {
  shown = next;
  for (const listener of listeners) listener();
}

/** Says something at the bottom of the page for some seconds; at most three at a time, the oldest goes. */
export function toast(message: ToastMessage): void {
  lastId += 1;
  set([...shown.slice(-2), { ...message, id: lastId }]);
}

function dismiss(id: number) {
  set(shown.filter((one) => one.id !== id));
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function Slip({ message, closeLabel }: { message: Shown; closeLabel: string }) {
  useEffect(() => {
    const timer = setTimeout(() => dismiss(message.id), message.action ? stays * 2 : stays);
    return () => clearTimeout(timer);
  }, [message.id, message.action]);
  const act = () => {
    message.action?.run();
    dismiss(message.id);
  };
  return (
    <li className={styles.slip}>
      {message.tone && <Icon name={message.tone === 'good' ? 'check' : 'warning'} size={20} />}
      <span className={styles.text}>{message.text}</span>
      {message.action && (
        <Button look="plain" className={styles.action} onClick={act}>
          {message.action.label}
        </Button>
      )}
      <IconButton icon="x" size={20} label={closeLabel} onClick={() => dismiss(message.id)} />
    </li>
  );
}

/** Where toasts appear; once, at the root. */
export function Toasts({ closeLabel }: { closeLabel: string }) {
  const list = useSyncExternalStore(subscribe, () => shown);
  return (
    <ol className={styles.stack} aria-live="polite">
      {list.map((message) => (
        <Slip key={message.id} message={message} closeLabel={closeLabel} />
      ))}
    </ol>
  );
}
