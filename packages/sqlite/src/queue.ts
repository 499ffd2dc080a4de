import type { DeliveryStore, Lane } from "@outhook/core";
import type { Session } from "./session.ts";
import * as statements from "./statements.ts";

/** One partition, endpoint and lane. */
export type QueueRow = { readonly partition: number; readonly endpointId: string; readonly lane: Lane };

/** Brings the row in line with its deliveries, after some of them changed. */
export function refresh(session: Session, { partition, endpointId, lane }: QueueRow): void {
  session.run(statements.refresh, partition, endpointId, lane);
}

/** The same for both lanes of the endpoint. */
export function refreshLanes(session: Session, endpoint: Omit<QueueRow, "lane">): void {
  refresh(session, { ...endpoint, lane: "scheduled" });
  refresh(session, { ...endpoint, lane: "manual" });
}

/** Holds the scheduled lane back until then, or longer if it is already. */
export function holdUntil(session: Session, { partition, endpointId }: Omit<QueueRow, "lane">, until: number): void {
  session.run(statements.hold, partition, endpointId, until);
}

export function hold(session: Session, input: Omit<Parameters<DeliveryStore["hold"]>[0], "now">, now: number): void {
  const { partitions, endpointId, holdMs } = input;
  for (const partition of partitions) {
    if (holdMs === 0) session.run(statements.endHold, now, now, partition, endpointId);
    else holdUntil(session, { partition, endpointId }, now + holdMs);
  }
}

export function pace(
  session: Session,
  { partitions, endpointId, perSecond }: Parameters<DeliveryStore["pace"]>[0],
): void {
  for (const partition of partitions) session.run(statements.pace, partition, endpointId, perSecond);
}

/** Cancels up to `most` of the endpoint's pending deliveries and returns how many. */
export function cancel(
  session: Session,
  of: Omit<QueueRow, "lane">,
  { most, now }: { readonly most: number; readonly now: number },
): number {
  const cancelled = session.run(statements.cancel, now, of.partition, of.partition, of.endpointId, most);
  if (cancelled > 0) refreshLanes(session, of);
  return cancelled;
}

/** True when the clock was set back, so that rows look as if they were served after now. */
export function isAnyServedLater(session: Session, partitions: readonly number[], now: number): boolean {
  return session.get(statements.servedLater, now, JSON.stringify(partitions)) !== undefined;
}

/** Makes those rows served now: a turn orders what is ready and must not keep anything waiting. */
export function forgetServedLater(session: Session, partitions: readonly number[], now: number): void {
  session.run(statements.forgetServedLater, now, now, now, JSON.stringify(partitions));
}

export function nextDueInMs(session: Session, partitions: readonly number[], now: number): number | null {
  if (isAnyServedLater(session, partitions, now)) return 0;
  const next = session.get(statements.nextReady, JSON.stringify(partitions));
  return next === undefined ? null : Math.max(next[0] - now, 0);
}
