import * as Radix from '@radix-ui/react-dialog';
import type { ReactNode } from 'react';
import { cx } from './cx.ts';
import styles from './Dialog.module.css';
import { Icon } from './icons.tsx';

interface Props {
  open: boolean;
  onClose: () => void;
  title: string;
  /** One or two sentences that say what will happen. */
  text?: ReactNode;
  /** The name of the closing cross; without it there is no cross and Escape and the veil do not close. */
  closeLabel?: string;
  children?: ReactNode;
  /** Buttons, the main one last; on a phone they stack with the main one on top. */
  actions?: ReactNode;
  wide?: boolean;
}

/** A question or a short form over the page. On a phone it is a sheet at the bottom, within the thumb's reach. */
export function Dialog({ open, onClose, title, text, closeLabel, children, actions, wide }: Props) {
  const stay = closeLabel ? undefined : (event: Event) => event.preventDefault();
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className={styles.veil}>
          <Radix.Content
            className={cx(styles.sheet, wide && styles.wide)}
            onEscapeKeyDown={stay}
            onPointerDownOutside={stay}
            {...(text ? {} : { 'aria-describedby': undefined })}
          >
            <Radix.Title className={cx(styles.title, closeLabel && styles.besideCross)}>{title}</Radix.Title>
            {text && <Radix.Description className={styles.text}>{text}</Radix.Description>}
            {children}
            {actions && <div className={styles.actions}>{actions}</div>}
            {/* Last, so that the focus begins at the question and not at its cross. */}
            {closeLabel && (
              <Radix.Close className={styles.close} aria-label={closeLabel}>
                <Icon name="x" />
              </Radix.Close>
            )}
          </Radix.Content>
        </Radix.Overlay>
      </Radix.Portal>
    </Radix.Root>
  );
}
