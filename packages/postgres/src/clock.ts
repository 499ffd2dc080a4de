import type { Session } from "./session.ts";

/** The store's own clock; `null` when that is the database's. */
export type Clock = (() => number) | null;

/** What time it is for a call that was told `now`, or was not. */
export function timeIn(session: Session, clock: Clock, now: number | undefined): number {
  return now ?? clock?.() ?? session.now;
}

/** In SQL: the first row of what `at` selects is what time it is, by a parameter or, where that is null, by the database. */
export function atTime(parameter: string): string {
  return `at as materialized (
  select coalesce(${parameter}::bigint, floor(extract(epoch from now()) * 1000)::bigint) as now
)`;
}

/** In SQL: what time it is, beside {@link atTime}. */
export const nowOfAt = "(select now from at)";
