import type { Claim, DeliveryStore, Lane } from "@outhook/core";
import { firstAcross } from "./first-across.ts";
import type { Session } from "./session.ts";
import { statements } from "./statements.ts";

type ClaimInput = Parameters<DeliveryStore["claim"]>[0];

/** What one claim takes at most, so that it does not hold up the event loop. */
const maxDeliveries = 256;
/** In characters of bodies. */
const maxBodyLength = 2 * 1024 * 1024;

type ReadyRow = readonly [readyAt: number, partition: number, endpointId: string, lane: Lane];

type DueRow = readonly [
  id: string,
  tenant: string,
  messageId: string,
  type: string,
  fence: number,
  attempts: number,
  scheduledAttempts: number | null,
  leasedAt: number | null,
  body: string,
];

/** The partitions among these in which a claim would find something. Needs no lock, unlike the claim. */
export function readyPartitions(session: Session, partitions: readonly number[], now: number): readonly number[] {
  const rows = session.all<readonly [number]>(statements.partitionsReady, JSON.stringify(partitions), now);
  return rows.map(([partition]) => partition);
}

/** Leases due deliveries, endpoints in turn. */
export function claim(session: Session, input: ClaimInput, now: number): readonly Claim[] {
  const limit = Math.min(input.limit, maxDeliveries);
  const { room, perEndpoint, leaseMs } = input;
  const partitions = readyPartitions(session, input.partitions, now);
  const claims: Claim[] = [];
  const taken = new Map<string, number>();
  let length = 0;
  // Each ready row has something to take, unless its endpoint has no room, or had in its other lane.
  for (const row of readyRows(session, { partitions, limit: limit * 2 + room.size, now })) {
    const [, , endpointId] = row;
    const before = taken.get(endpointId) ?? 0;
    const most = Math.min((room.get(endpointId) ?? perEndpoint) - before, limit - claims.length);
    if (most <= 0) continue;
    const due = readDue(session, row, { most, now, maxLength: maxBodyLength - length });
    for (const delivery of due) {
      claims.push(lease(session, delivery, { row, leaseMs, now }));
      length += delivery[8].length;
    }
    serve(session, row, now);
    taken.set(endpointId, before + due.length);
    if (claims.length >= limit || length >= maxBodyLength) break;
  }
  return claims;
}

function readyRows(
  session: Session,
  { partitions, limit, now }: { readonly partitions: readonly number[]; readonly limit: number; readonly now: number },
): readonly ReadyRow[] {
  if (partitions.length === 0) return [];
  return firstAcross({
    partitions,
    limit,
    read: (partition, count) => session.all<ReadyRow>(statements.ready, partition, now, count),
    compare: (a, b) => a[0] - b[0],
  });
}

function readDue(
  session: Session,
  [, partition, endpointId, lane]: ReadyRow,
  { most, now, maxLength }: { readonly most: number; readonly now: number; readonly maxLength: number },
): readonly DueRow[] {
  const due: DueRow[] = [];
  let length = 0;
  for (const row of session.each<DueRow>(statements.due, partition, endpointId, lane, now, most)) {
    due.push(row);
    length += row[8].length;
    if (length >= maxLength) break;
  }
  return due;
}

function lease(
  session: Session,
  delivery: DueRow,
  { row, leaseMs, now }: { readonly row: ReadyRow; readonly leaseMs: number; readonly now: number },
): Claim {
  const [, partition, endpointId, lane] = row;
  const [id, tenant, messageId, type, fence, attempts, scheduledAttempts, leasedAt, body] = delivery;
  session.run(statements.lease, now + leaseMs, now, partition, id);
  const lapsed = leasedAt !== null;
  if (lapsed) recordLost(session, { partition, id, number: attempts + 1, startedAt: leasedAt }, now);
  return {
    partition,
    deliveryId: id,
    tenant,
    messageId,
    endpointId,
    type,
    body,
    lane,
    fence: fence + 1,
    attempts: attempts + (lapsed ? 1 : 0),
    scheduledAttempts: lapsed && scheduledAttempts !== null ? scheduledAttempts + 1 : scheduledAttempts,
    lapsed,
  };
}

/** Whoever held the lease that lapsed has made an attempt, as far as anybody knows. */
function recordLost(
  session: Session,
  lost: { readonly partition: number; readonly id: string; readonly number: number; readonly startedAt: number },
  now: number,
): void {
  const { partition, id, number, startedAt } = lost;
  const error = "The dispatcher stopped during this attempt, so nobody knows what the receiver saw.";
  session.run(statements.insertAttempt, partition, id, number, startedAt, now - startedAt, null, "lost", error, null, null);
  session.run(statements.chargeLost, now, partition, id);
}

function serve(session: Session, [, partition, endpointId, lane]: ReadyRow, now: number): void {
  session.run(statements.serve, now, now, partition, endpointId, lane);
}
