import { type RefObject, useEffect, useState, useSyncExternalStore } from 'react';
import { commandOf, isTaken } from './keys.ts';
import { beforeStart, Player, type PlayerState } from './Player.ts';
import { openSource, type Source, type Trouble } from './source.ts';

interface Options {
  video: RefObject<HTMLVideoElement | null>;
  frame: RefObject<HTMLElement | null>;
  url: string;
  /** Where to begin, seconds; read once. */
  start: number;
}

/** The player of the page, from the first picture to leaving the page. */
export function usePlayer({ video, frame, url, start }: Options) {
  const [player, setPlayer] = useState<Player>();
  const [trouble, setTrouble] = useState<Trouble>();
  const [begin] = useState(start);
  useEffect(() => {
    if (!video.current || !frame.current) return;
    const made = new Player(video.current, frame.current);
    let left = false;
    let source: Source | undefined;
    setPlayer(made);
    openSource({ video: made.video, url, start: begin, onTrouble: (next) => !left && setTrouble(next) }).then(
      (opened) => {
        source = opened;
        if (left) opened.close();
        else void made.play(); // the press that led here counts; where it does not, the button waits
      },
      () => !left && setTrouble('network'), // the library itself did not load
    );
    return () => {
      left = true;
      source?.close();
      made.close();
    };
  }, [video, frame, url, begin]);
  usePlayerKeys(player);
  return { player, trouble };
}

function usePlayerKeys(player: Player | undefined) {
  useEffect(() => {
    if (!player) return;
    const onKey = (event: KeyboardEvent) => {
      const command = commandOf(event);
      if (!command || event.defaultPrevented || isTaken(event.target, event.code)) return;
      event.preventDefault();
      player.run(command);
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [player]);
}

const nothing = () => () => undefined;

/** A part of the player's state; the component draws again only when that part changes. */
export function usePlayerState<T>(player: Player | undefined, select: (state: PlayerState) => T): T {
  return useSyncExternalStore(player?.subscribe ?? nothing, () => select(player?.state() ?? beforeStart));
}
