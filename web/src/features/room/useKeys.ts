import { useEffect, useEffectEvent } from 'react';
import type { RoomSession } from '@/rtc/RoomSession.ts';
import { toggleFullscreen, toggleHand, toggleShare, toggleSource } from './actions.ts';
import { useLocal, useMedia, useSession } from './roomContext.tsx';

export interface KeyTargets {
  readonly chat: () => void;
  readonly people: () => void;
  readonly layout: () => void;
}

/** Whether a press belongs to what has the focus: text, or a control that Space presses. */
function taken(target: EventTarget | null, code: string): boolean {
  if (!(target instanceof Element)) return false;
  if (target.closest('input, textarea, select, [contenteditable], [role="menu"], [role="dialog"]'))
    return true;
  return code === 'Space' && target.closest('button, a, summary') !== null;
}

function actionOf(code: string, session: RoomSession, targets: KeyTargets): (() => void) | undefined {
  switch (code) {
    case 'KeyM':
      return () => toggleSource(session, 'microphone');
    case 'KeyV':
      return () => toggleSource(session, 'camera');
    case 'KeyS':
      return () => toggleShare(session);
    case 'KeyH':
      return () => toggleHand(session);
    case 'KeyF':
      return toggleFullscreen;
    case 'KeyC':
      return targets.chat;
    case 'KeyP':
      return targets.people;
    case 'KeyG':
      return targets.layout;
    default:
      return undefined;
  }
}

/** The room's keys, by their place on the keyboard: M is M on a Russian layout too. Space talks while it is held. */
export function useKeys(targets: KeyTargets): void {
  const session = useSession();
  const { keys } = useLocal(useMedia()).choices;
  const press = useEffectEvent((event: KeyboardEvent) => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || taken(event.target, event.code))
      return;
    const action = actionOf(event.code, session, targets);
    if (!action) return;
    event.preventDefault();
    action();
  });
  useEffect(() => {
    if (!keys) return undefined;
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, [keys]);
  usePushToTalk(keys);
}

function usePushToTalk(keys: boolean): void {
  const session = useSession();
  useEffect(() => {
    if (!keys) return undefined;
    let holding = false;
    const down = (event: KeyboardEvent) => {
      if (event.code !== 'Space' || event.repeat || taken(event.target, event.code)) return;
      if (session.store.get().own.microphone.state !== 'off') return;
      event.preventDefault();
      holding = true;
      void session.sources.set('microphone', true);
    };
    const release = () => {
      if (holding) void session.sources.set('microphone', false);
      holding = false;
    };
    const up = (event: KeyboardEvent) => event.code === 'Space' && release();
    document.addEventListener('keydown', down);
    document.addEventListener('keyup', up);
    window.addEventListener('blur', release); // the key may come up in another window
    return () => {
      release();
      document.removeEventListener('keydown', down);
      document.removeEventListener('keyup', up);
      window.removeEventListener('blur', release);
    };
  }, [session, keys]);
}
