import { createContext, type ReactNode, useContext, useMemo, useSyncExternalStore } from 'react';
import type { LocalMedia, LocalState } from '@/rtc/LocalMedia.ts';
import type { RoomSession } from '@/rtc/RoomSession.ts';
import type { Room } from '@/rtc/roomState.ts';

interface Value {
  readonly session: RoomSession;
  readonly media: LocalMedia;
  /** Of the school: the bell rings by its clock. */
  readonly timeZone: string;
}

const Context = createContext<Value | undefined>(undefined);

export function RoomProvider({ session, media, timeZone, children }: Value & { children: ReactNode }) {
  const value = useMemo(() => ({ session, media, timeZone }), [session, media, timeZone]);
  return <Context value={value}>{children}</Context>;
}

function useValue(): Value {
  const value = useContext(Context);
  if (!value) throw new Error('used outside RoomProvider');
  return value;
}

export function useSession(): RoomSession {
  return useValue().session;
}

export function useTimeZone(): string {
  return useValue().timeZone;
}

export function useMedia(): LocalMedia {
  return useValue().media;
}

/** A part of the room's state. The selector must not build a new object each time. */
export function useRoom<T>(select: (room: Room) => T): T {
  const { store } = useSession();
  return useSyncExternalStore(store.subscribe, () => select(store.get()));
}

export function useLocal(media: LocalMedia): LocalState {
  return useSyncExternalStore(media.subscribe, () => media.get());
}
