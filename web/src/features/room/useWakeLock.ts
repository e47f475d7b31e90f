import { useEffect } from 'react';

/** Keeps the screen on during the lesson. The system takes the lock away with the tab, so it is asked for again. */
export function useWakeLock(): void {
  useEffect(() => {
    let lock: WakeLockSentinel | undefined;
    let ended = false;
    const hold = async () => {
      if (document.visibilityState !== 'visible') return;
      try {
        const held = await navigator.wakeLock?.request('screen');
        if (ended) await held?.release();
        else lock = held;
      } catch {
        // Refused, on low battery for one: the screen dims as it always does.
      }
    };
    const again = () => void hold();
    document.addEventListener('visibilitychange', again);
    void hold();
    return () => {
      ended = true;
      document.removeEventListener('visibilitychange', again);
      void lock?.release().catch(() => {});
    };
  }, []);
}
