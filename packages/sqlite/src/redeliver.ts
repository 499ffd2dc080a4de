import type { LogStore } from "@outhook/core";
import { refreshLanes } from "./queue.ts";
import type { Session } from "./session.ts";
import * as statements from "./statements.ts";

type RedeliverInput = Omit<Parameters<LogStore["redeliver"]>[0], "now">;

/** Makes a delivery due now, for a person. */
export function redeliver(session: Session, input: RedeliverInput, now: number): "queued" | "in_flight" | "not_found" {
  const { partitions, tenant, id } = input;
  const state = session.get(statements.deliveryState, JSON.stringify(partitions), id, tenant);
  if (state === undefined) return "not_found";
  const [partition, endpointId, status, lane, dueAt, leasedAt, scheduledAttempts] = state;
  const pendingAt = status === "pending" ? dueAt : null;
  if (pendingAt !== null) {
    if (leasedAt !== null && pendingAt > now) return "in_flight";
    if (lane === "manual" && pendingAt <= now) return "queued";
  }
  const keptSchedule = pendingAt === null ? null : scheduledAttempts;
  session.run(statements.redeliver, Math.min(pendingAt ?? now, now), keptSchedule, now, partition, id);
  session.run(statements.openManualLane, partition, endpointId);
  refreshLanes(session, { partition, endpointId });
  return "queued";
}
