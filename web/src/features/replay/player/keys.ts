/** What a key asks the player to do. Seconds and volumes are changes, not values. */
export type Command =
  | { kind: 'toggle' }
  | { kind: 'jump'; by: number }
  | { kind: 'goTo'; fraction: number }
  | { kind: 'louder'; by: number }
  | { kind: 'mute' }
  | { kind: 'fullscreen' }
  | { kind: 'pip' }
  | { kind: 'faster'; steps: 1 | -1 };

type Key = Pick<KeyboardEvent, 'code' | 'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey'>;

const plain: Record<string, Command> = {
  Space: { kind: 'toggle' },
  KeyK: { kind: 'toggle' },
  KeyJ: { kind: 'jump', by: -10 },
  KeyL: { kind: 'jump', by: 10 },
  ArrowLeft: { kind: 'jump', by: -5 },
  ArrowRight: { kind: 'jump', by: 5 },
  ArrowUp: { kind: 'louder', by: 0.05 },
  ArrowDown: { kind: 'louder', by: -0.05 },
  Home: { kind: 'goTo', fraction: 0 },
  End: { kind: 'goTo', fraction: 1 },
  KeyM: { kind: 'mute' },
  KeyF: { kind: 'fullscreen' },
  KeyI: { kind: 'pip' },
};

const shifted: Record<string, Command> = {
  Comma: { kind: 'faster', steps: -1 },
  Period: { kind: 'faster', steps: 1 },
};

/**
 * The keys of video sites, by the key's place on the keyboard: with Russian letters on it "k" is still where it was.
 */
export function commandOf(key: Key): Command | undefined {
  if (key.ctrlKey || key.metaKey || key.altKey) return undefined;
  if (key.shiftKey) return shifted[key.code];
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(key.code)?.[1];
  return digit ? { kind: 'goTo', fraction: Number(digit) / 10 } : plain[key.code];
}

/** True when the key belongs to what has the focus: somebody types, or presses a button with the space bar. */
export function isTaken(target: EventTarget | null, code: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.dataset.timeline !== undefined) return false;
  if (target.closest('input, textarea, select, [contenteditable], [role="menu"], [role="dialog"]'))
    return true;
  return code === 'Space' && target.closest('button, a, [role="tab"]') !== null;
}
