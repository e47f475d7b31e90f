import { isPhone } from '@/rtc/capabilities.ts';
import type { RoomSession } from '@/rtc/RoomSession.ts';
import { me } from '@/rtc/roomState.ts';

/** What buttons and keys do alike. Each reads the state at the moment of the press. */
export function toggleSource(session: RoomSession, source: 'microphone' | 'camera'): void {
  const on = session.store.get().own[source].state !== 'off';
  void session.sources.set(source, !on);
}

export function toggleShare(session: RoomSession): void {
  const { own, permissions } = session.store.get();
  if (own.share.state === 'on') void session.sources.stopShare();
  else if (permissions.share && !isPhone()) void session.sources.share();
}

export function toggleHand(session: RoomSession): void {
  const up = !me(session.store.get())?.handAt;
  void session.ask('hand', 'hand', { up });
}

export function toggleFullscreen(): void {
  if (document.fullscreenElement) void document.exitFullscreen();
  else void document.documentElement.requestFullscreen?.().catch(() => {}); // an iPhone has none
}
