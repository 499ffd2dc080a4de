import type { Claim, DeliveryStore } from "@outhook/core";
import type { Session } from "./session.ts";
import type { DueRow, ReadyRow } from "./statements.ts";
import * as statements from "./statements.ts";

type ClaimInput = Parameters<DeliveryStore["claim"]>[0];

/** What one claim takes at most, so that it does not hold up the event loop. */
const maxDeliveries = 256;
/** In characters of bodies. */
const maxBodyLength = 2 * 1024 * 1024;

/** True when a claim would find a row that is ready. Needs no lock, unlike the claim. */
export function isAnyReady(session: Session, partitions: readonly number[], now: number): boolean {
  return readyRows(session, { partitions, now, most: 1 }).length > 0;
}

/** Leases due deliveries, endpoints in turn. */
export function claim(session: Session, input: ClaimInput, now: number): readonly Claim[] {
  const { partitions, room, perEndpoint, leaseMs } = input;
  const limit = Math.min(input.limit, maxDeliveries);
  const claims: Claim[] = [];
  const taken = new Map<string, number>();
  let length = 0;
  // Each ready row has something to take, unless its endpoint has no room, or had it in the other lane.
  for (const row of readyRows(session, { partitions, now, most: limit * 2 + room.size })) {
    const [, endpointId] = row;
    const before = taken.get(endpointId) ?? 0;
    const most = Math.min((room.get(endpointId) ?? perEndpoint) - before, limit - claims.length);
    if (most <= 0) continue;
    const leased: Claim[] = [];
    for (const delivery of session.all(statements.due, ...row, now, most)) {
      if (length >= maxBodyLength) break;
      const [body] = session.get(statements.body, row[0], delivery[2]) ?? [null];
      if (body === null) continue;
      leased.push(lease(session, delivery, { row, body, leaseMs, now }));
      length += body.length;
    }
    session.run(statements.serve, now, now, ...row);
    taken.set(endpointId, before + leased.length);
    claims.push(...leased);
    if (claims.length >= limit || length >= maxBodyLength) break;
  }
  return claims;
}

function readyRows(
  session: Session,
  { partitions, now, most }: { readonly partitions: readonly number[]; readonly now: number; readonly most: number },
): readonly ReadyRow[] {
  return session.all(statements.ready, now, JSON.stringify(partitions), most);
}

function lease(
  session: Session,
  delivery: DueRow,
  at: { readonly row: ReadyRow; readonly body: string; readonly leaseMs: number; readonly now: number },
): Claim {
  const { row, body, leaseMs, now } = at;
  const [partition, endpointId, lane] = row;
  const [deliveryId, tenant, messageId, type, fence, attempts, scheduledAttempts, leasedAt] = delivery;
  session.run(statements.lease, now + leaseMs, now, partition, deliveryId);
  const lost = leasedAt === null ? 0 : 1;
  if (leasedAt !== null) recordLost(session, { partition, deliveryId, number: attempts + 1, startedAt: leasedAt }, now);
  return {
    partition,
    deliveryId,
    tenant,
    messageId,
    endpointId,
    type,
    body,
    lane,
    fence: fence + 1,
    attempts: attempts + lost,
    scheduledAttempts: scheduledAttempts === null ? null : scheduledAttempts + lost,
    lapsed: leasedAt !== null,
  };
}

/** Whoever held the lease that lapsed has made an attempt, as far as anybody knows. */
function recordLost(
  session: Session,
  lost: {
    readonly partition: number;
    readonly deliveryId: string;
    readonly number: number;
    readonly startedAt: number;
  },
  now: number,
): void {
  const { partition, deliveryId, number, startedAt } = lost;
  const error = "The dispatcher stopped during this attempt, so nobody knows what the receiver saw.";
  const attempt = [partition, deliveryId, number, startedAt, now - startedAt, null, "lost", error, null, null] as const;
  session.run(statements.insertAttempt, ...attempt);
  session.run(statements.chargeLost, now, partition, deliveryId);
}
