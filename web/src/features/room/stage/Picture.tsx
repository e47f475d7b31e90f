import { useEffect, useRef } from 'react';
import type { Occupant } from '@/protocol/generated.ts';
import { cx } from '@/ui/cx.ts';
import { useRoom, useSession } from '../roomContext.tsx';
import styles from './Tile.module.css';

interface Props {
  slot: Occupant;
  fit: 'cover' | 'contain';
}

/** The picture that a slot carries. Sound has elements of its own (Sounds.tsx), so this one is always mute. */
export function Picture({ slot, fit }: Props) {
  const session = useSession();
  const subscription = useRoom((room) => room.subscription);
  const ref = useRef<HTMLVideoElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another subscription has other streams for the same slots
  useEffect(() => {
    const video = ref.current;
    if (!video) return undefined;
    video.srcObject = session.stream(slot.slot) ?? null;
    void video.play().catch(() => {}); // aborted when the slot changes again at once
    return () => {
      video.srcObject = null;
    };
  }, [session, slot.slot, subscription]);
  return (
    <video
      ref={ref}
      className={cx(styles.video, styles[fit])}
      data-participant={slot.participant}
      data-source={slot.source}
      data-slot={slot.slot}
      autoPlay
      playsInline
      muted
      disablePictureInPicture={slot.source === 'camera'}
    />
  );
}

interface OwnProps {
  track: MediaStreamTrack;
  testId?: string;
}

/** My own camera, as in a mirror: only on my screen, others see it the right way round. */
export function OwnPicture({ track, testId }: OwnProps) {
  const ref = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const video = ref.current;
    if (!video) return undefined;
    video.srcObject = new MediaStream([track]);
    void video.play().catch(() => {});
    return () => {
      video.srcObject = null;
    };
  }, [track]);
  return (
    <video
      ref={ref}
      className={cx(styles.video, styles.cover, styles.mirrored)}
      data-self="camera"
      data-testid={testId}
      autoPlay
      playsInline
      muted
    />
  );
}
