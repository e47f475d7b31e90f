import { type RefObject, useEffect, useState } from 'react';

const rest = 3_000; // ms without a move before the controls go

/** True while nobody moves, presses or types: the full screen is then the picture alone. */
export function useIdle(frame: RefObject<HTMLElement | null>, active: boolean): boolean {
  const [idle, setIdle] = useState(false);
  useEffect(() => {
    const element = frame.current;
    if (!element || !active) return;
    let timer = setTimeout(() => setIdle(true), rest);
    const stir = () => {
      setIdle(false);
      clearTimeout(timer);
      timer = setTimeout(() => setIdle(true), rest);
    };
    const signs = ['pointermove', 'pointerdown', 'keydown', 'focusin'] as const;
    for (const sign of signs) element.addEventListener(sign, stir);
    window.addEventListener('keydown', stir);
    return () => {
      clearTimeout(timer);
      setIdle(false);
      for (const sign of signs) element.removeEventListener(sign, stir);
      window.removeEventListener('keydown', stir);
    };
  }, [frame, active]);
  return idle;
}
