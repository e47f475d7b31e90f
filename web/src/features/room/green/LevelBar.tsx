import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { LevelMeter } from '@/rtc/sound.ts';
import styles from './LevelBar.module.css';

const bars = 12;

/** How loud the microphone is. Drawn past React: sixty changes a second are not state. */
export function LevelBar({ track }: { track: MediaStreamTrack | undefined }) {
  const { t } = useTranslation('room');
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = ref.current;
    if (!track || !element) return undefined;
    const meter = new LevelMeter(track);
    let frame = 0;
    let level = 0;
    const draw = () => {
      level = Math.max(meter.read(), level * 0.88); // up at once, down gently
      const percent = Math.round(level * 100);
      element.style.setProperty('--level', String(percent));
      element.setAttribute('aria-valuenow', String(percent));
      frame = requestAnimationFrame(draw);
    };
    draw();
    return () => {
      cancelAnimationFrame(frame);
      meter.close();
      element.style.setProperty('--level', '0');
      element.setAttribute('aria-valuenow', '0');
    };
  }, [track]);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a <meter> cannot be drawn as twelve bars
    <div
      ref={ref}
      className={styles.level}
      role="meter"
      aria-label={t('green.level')}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={0}
      data-testid="level"
    >
      {Array.from({ length: bars }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: bars have nothing but their place
        <i key={i} style={{ '--from': (i * 100) / bars } as React.CSSProperties} />
      ))}
    </div>
  );
}
