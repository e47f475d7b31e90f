import { useEffect } from 'react';
import type { Player } from './player/Player.ts';
import { askedMoment } from './timeline.ts';

/** A link to a moment followed inside the page ("#t=754") goes there without loading anything again. */
export function useMoment(player: Player | undefined): void {
  useEffect(() => {
    if (!player) return;
    const go = () => {
      const at = askedMoment(window.location.hash);
      if (at !== undefined) player.seek(at);
    };
    window.addEventListener('hashchange', go);
    return () => window.removeEventListener('hashchange', go);
  }, [player]);
}
