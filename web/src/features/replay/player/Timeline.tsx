import { type PointerEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Gap } from '@/api/generated/types.gen.ts';
import { position } from '@/parts/time.ts';
import { cx } from '@/ui/cx.ts';
import type { StageSpan } from '../timeline.ts';
import type { Player } from './Player.ts';
import styles from './Timeline.module.css';
import { usePlayerState } from './usePlayer.ts';

interface Props {
  player: Player;
  duration: number;
  stage: readonly StageSpan[];
  gaps: readonly Gap[];
}

function box(from: number, to: number, duration: number) {
  return { left: `${(from / duration) * 100}%`, width: `${((to - from) / duration) * 100}%` };
}

function Buffered({ player, duration }: { player: Player; duration: number }) {
  const spans = usePlayerState(player, (state) => state.buffered);
  return spans.map(([from, to]) => (
    <span key={from} className={styles.buffered} style={box(from, Math.min(to, duration), duration)} />
  ));
}

/**
 * The whole recording in a line: loaded, watched, holes, and under it who was on stage. The slider on top is the
 * browser's own, so that keyboards and screen readers know it.
 */
export function Timeline({ player, duration, stage, gaps }: Props) {
  const { t } = useTranslation('replay');
  const time = usePlayerState(player, (state) => state.time);
  const [pointed, setPointed] = useState<number>();
  const length = Math.max(duration, 0.1);
  const point = (event: PointerEvent<HTMLElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    setPointed(Math.min(1, Math.max(0, (event.clientX - left) / width)) * length);
  };
  const under =
    pointed === undefined ? undefined : stage.find((one) => one.from <= pointed && pointed < one.to);
  return (
    <div className={styles.line} onPointerMove={point} onPointerLeave={() => setPointed(undefined)}>
      {pointed !== undefined && (
        <span className={styles.bubble} style={{ left: `${(pointed / length) * 100}%` }} aria-hidden="true">
          {position(pointed)}
          {under?.name && <span> · {under.name}</span>}
        </span>
      )}
      <span className={styles.track} aria-hidden="true">
        <Buffered player={player} duration={length} />
        <span className={styles.played} style={box(0, Math.min(time, length), length)} />
        {gaps.map((gap) => (
          <span key={gap.from} className={styles.gap} style={box(gap.from, gap.to, length)} />
        ))}
      </span>
      <span className={styles.stage} aria-hidden="true">
        {stage.map((span) => (
          <span
            key={span.from}
            className={cx(styles.span, styles[span.source])}
            style={box(span.from, span.to, length)}
          />
        ))}
      </span>
      <input
        type="range"
        data-timeline=""
        className={styles.slider}
        aria-label={t('timeline')}
        aria-valuetext={t('timeOf', { time: position(time), length: position(duration) })}
        min={0}
        max={length}
        step={0.1}
        value={Math.min(time, length)}
        onChange={(event) => player.seek(Number(event.target.value))}
      />
    </div>
  );
}
