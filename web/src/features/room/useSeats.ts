import { useEffect, useMemo, useRef, useState } from 'react';
import type { Participant } from '@/protocol/generated.ts';
import { bringForward, changeStage, seats } from '@/rtc/layout.ts';

interface Seating {
  readonly row: readonly string[];
  readonly stage: string;
}

/**
 * Who sits where among the others: `row` keeps its order while people come and go, whoever takes the stage changes seats
 * with whoever leaves it, and a speaker from beyond the first `room` seats comes forward.
 */
export function useSeats(
  people: readonly Participant[],
  stage: string,
  active: string,
  room: number,
): readonly Participant[] {
  const [seating, setSeating] = useState<Seating>({ row: [], stage: '' });
  const heard = useRef(new Map<string, number>());
  useEffect(() => {
    if (active) heard.current.set(active, Date.now());
  }, [active]);

  let row = seats(
    seating.row,
    people.map((one) => one.id),
  );
  if (stage && seating.stage && stage !== seating.stage) row = changeStage(row, seating.stage, stage);
  if (active && active !== stage && room > 0) row = forward(row, room, active, heard, stage);
  // Adjusted while rendering, as React advises for state that follows props: no tile is drawn in the wrong place first.
  if (row !== seating.row || stage !== seating.stage) setSeating({ row, stage });

  return useMemo(() => {
    const byId = new Map(people.map((one) => [one.id, one]));
    return row.flatMap((id) => byId.get(id) ?? []);
  }, [row, people]);
}

function forward(
  row: readonly string[],
  room: number,
  active: string,
  heard: { readonly current: ReadonlyMap<string, number> },
  stage: string,
): readonly string[] {
  if (row.indexOf(active) < room) return row;
  return bringForward(row, room, active, heard.current, new Set([stage]));
}
