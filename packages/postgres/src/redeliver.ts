import type { LogStore } from "@outhook/core";
import type { Session } from "./session.ts";
import type { Statements } from "./statements.ts";

type RedeliverInput = Parameters<LogStore["redeliver"]>[0];

/** Makes a delivery due now, for a person. */
export async function redeliver(
  session: Session,
  statements: Statements,
  { input, now }: { readonly input: Omit<RedeliverInput, "now">; readonly now: number },
): Promise<"queued" | "in_flight" | "not_found"> {
  const { partitions, tenant, id } = input;
  const [state] = await session.all(statements.deliveryState, [partitions, id, tenant]);
  if (state === undefined) return "not_found";
  const { partition, status, lane, dueAt, leasedAt, scheduledAttempts } = state;
  const pendingAt = status === "pending" ? dueAt : null;
  if (pendingAt !== null) {
    if (leasedAt !== null && pendingAt > now) return "in_flight";
    if (lane === "manual" && pendingAt <= now) return "queued";
  }
  const keptSchedule = pendingAt === null ? null : scheduledAttempts;
  await session.all(statements.redeliver, [partition, id, Math.min(pendingAt ?? now, now), keptSchedule, now]);
  return "queued";
}
