import { useEffect } from 'react';
import { setView } from '@/api/generated/sdk.gen.ts';
import type { Player } from './player/Player.ts';

const every = 10_000; // ms

/** Tells the server where this person is: while playing, on a pause, and as the page goes away. */
export function useKeepPosition(id: string, player: Player | undefined): void {
  useEffect(() => {
    if (!player) return;
    const { video } = player;
    let kept = -1;
    const keep = (keepalive = false) => {
      const seconds = Math.round(video.currentTime * 10) / 10;
      if (video.readyState === 0 || seconds === kept) return;
      kept = seconds;
      // A lost one is no trouble: the next comes in ten seconds.
      setView({ path: { id }, body: { seconds }, keepalive }).catch(() => undefined);
    };
    const onPause = () => keep();
    const onHide = () => document.visibilityState === 'hidden' && keep(true);
    const timer = setInterval(() => !video.paused && keep(), every);
    video.addEventListener('pause', onPause);
    document.addEventListener('visibilitychange', onHide);
    return () => {
      clearInterval(timer);
      video.removeEventListener('pause', onPause);
      document.removeEventListener('visibilitychange', onHide);
      keep(true);
    };
  }, [id, player]);
}
