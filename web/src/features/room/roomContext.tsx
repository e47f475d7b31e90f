import { createContext, type ReactNode, useContext, useSyncExternalStore } from 'react';
import type { LocalMedia, LocalState } from '@/rtc/LocalMedia.ts';
import type { RoomSession } from '@/rtc/RoomSession.ts';
import type { Room } from '@/rtc/roomState.ts';

interface Value {
  readonly session: RoomSession;
  readonly media: LocalMedia;
}

const Context = createContext<Value | undefined>(undefined);

export function RoomProvider({ session, media, children }: Value & { children: ReactNode }) {
  return <Context value={{ session, media }}>{children}</Context>;
}

function useValue(): Value {
  const value = useContext(Context);
  if (!value) throw new Error('used outside RoomProvider');
  return value;
}

export function useSession(): RoomSession {
  return useValue().session;
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
