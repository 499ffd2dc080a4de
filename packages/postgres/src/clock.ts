import type { Session } from "./session.ts";

/** The store's own clock; `null` when that is the database's. */
export type Clock = (() => number) | null;

/** What time it is for a call that was told `now`, or was not. */
export function timeIn(session: Session, clock: Clock, now: number | undefined): number {
  return now ?? clock?.() ?? session.now;
}
