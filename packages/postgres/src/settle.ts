import type { DeliveryStore, EndpointHealth, HealthEvent, Settlement } from "@outhook/core";
import { healthAfter, newHealth } from "@outhook/core/for-stores";
import type { SettlementRow } from "./settle-statements.ts";
import { healthRows, settlements as settlementRows } from "./settle-statements.ts";
import type { Statements } from "./statements.ts";
import type { SwiftSession } from "./transactions.ts";

/** Records a batch of attempts, each with what follows from it. */
export async function settle(
  session: SwiftSession,
  statements: Statements,
  { settlements, now }: { readonly settlements: readonly Settlement[]; readonly now: number | null },
): Promise<Awaited<ReturnType<DeliveryStore["settle"]>>> {
  if (settlements.length === 0) return { results: [], health: [] };
  // In the order in which all lock deliveries, and the first of those that name the same lease.
  const distinct = [...new Map(settlements.toReversed().map((one) => [leaseOf(one), one])).values()].toSorted(
    inLockOrder,
  );
  const rows = await session.all(statements.settle, [...settlementRows.values(distinct.map(toRow)), now]);
  const settled = new Set(rows.map(({ position }) => distinct[position - 1]));
  const happened = settlements.filter((settlement) => settled.has(settlement));
  return {
    results: settlements.map((settlement) => (settled.has(settlement) ? "settled" : "lease_lost")),
    health: await foldHealth(session, statements, { settlements: happened, now: rows[0]?.now ?? 0 }),
  };
}

/** Writes the endpoints' health and returns that of those with a failure among the settlements. */
async function foldHealth(
  session: SwiftSession,
  statements: Statements,
  { settlements, now }: { readonly settlements: readonly Settlement[]; readonly now: number },
): Promise<readonly EndpointHealth[]> {
  const events = new Map<string, HealthEvent[]>();
  for (const { endpointId, health, attempt } of settlements) {
    if (health === null) continue;
    const ofEndpoint = events.get(endpointId) ?? [];
    ofEndpoint.push({ kind: health, attempt });
    events.set(endpointId, ofEndpoint);
  }
  if (events.size === 0) return [];
  const ofBatch = [...events].map(([endpointId, all]) => healthAfter(newHealth(endpointId), all, now));
  const health = await session.last(statements.health, healthRows.values(ofBatch));
  return health.filter(({ endpointId }) => events.get(endpointId)?.some(({ kind }) => kind !== "success"));
}

const noAttempt = {
  number: null,
  startedAt: null,
  durationMs: null,
  statusCode: null,
  errorClass: null,
  error: null,
  signature: null,
  responseBody: null,
};

function toRow({ partition, deliveryId, fence, scheduledAttempts, holdMs, next, attempt }: Settlement): SettlementRow {
  return {
    partition,
    deliveryId,
    fence,
    scheduledAttempts,
    holdMs,
    status: next.status,
    delayMs: "delayMs" in next ? next.delayMs : null,
    ...(attempt ?? noAttempt),
  };
}

function leaseOf({ partition, deliveryId, fence }: Settlement): string {
  return `${partition}:${deliveryId}:${fence}`;
}

function inLockOrder(a: Settlement, b: Settlement): number {
  return a.partition - b.partition || (a.deliveryId < b.deliveryId ? -1 : 1);
}
