import type { Claim, DeliveryStore } from "@outhook/core";
import { lostError } from "@outhook/core/for-stores";
import { forgetServedLater, holdUntil, isAnyServedLater } from "./queue.ts";
import type { Session } from "./session.ts";
import type { DueRow, ReadyRow } from "./statements.ts";
import * as statements from "./statements.ts";

type ClaimInput = Omit<Parameters<DeliveryStore["claim"]>[0], "now">;

/** What one claim takes at most, so that it does not hold up others for long. */
const maxDeliveries = 256;
/** In characters of bodies. */
const maxBodyLength = 2 * 1024 * 1024;

/** True when a claim would find a row that is ready. Needs no lock, unlike the claim. */
export function isAnyReady(
  session: Session,
  { partitions, room }: Pick<ClaimInput, "partitions" | "room">,
  now: number,
): boolean {
  if (isAnyServedLater(session, partitions, now)) return true;
  return readyRows(session, { partitions, without: withoutRoom(room), now, most: 1 }).length > 0;
}

/** Leases due deliveries, endpoints in turn. */
export function claim(session: Session, input: ClaimInput, now: number): readonly Claim[] {
  const { partitions, room, perEndpoint, leaseMs } = input;
  const limit = Math.min(input.limit, maxDeliveries);
  const claims: Claim[] = [];
  const taken = new Map<string, number>();
  const without = withoutRoom(room);
  let cancelled = 0;
  let length = 0;
  const isFull = (): boolean => claims.length + cancelled >= limit || length >= maxBodyLength;

  const take = (row: ReadyRow, free: number): number => {
    const [partition, endpointId] = row;
    const pace = paceOf(session, row);
    const most = Math.min(free, pace ?? free);
    let leased = 0;
    for (const delivery of session.all(statements.due, ...row, now, most)) {
      if (length >= maxBodyLength) break;
      const [body] = session.get(statements.body, partition, delivery[2]) ?? [null];
      if (body === null) {
        cancelled += session.run(statements.cancelOne, now, partition, delivery[0]);
        continue;
      }
      claims.push(lease(session, delivery, { row, pace, body, leaseMs, now }));
      leased += 1;
      length += body.length;
    }
    session.run(statements.serve, now, now, ...row);
    if (pace !== null) holdUntil(session, { partition, endpointId }, now + Math.ceil((leased * 1_000) / pace));
    return leased;
  };

  forgetServedLater(session, partitions, now);
  // An endpoint can have a row in every partition, and those that got nothing keep their turn before all others. So what is
  // ready is read again, without the endpoints whose room is taken.
  for (let most = limit; !isFull(); most *= 2) {
    const rows = readyRows(session, { partitions, without, now, most });
    if (rows.length === 0) break;
    for (const row of rows) {
      if (isFull()) break;
      const [, endpointId] = row;
      const bound = room.get(endpointId) ?? perEndpoint;
      const before = taken.get(endpointId) ?? 0;
      const after = before < bound ? before + take(row, Math.min(bound - before, limit - claims.length)) : before;
      taken.set(endpointId, after);
      if (after >= bound) without.add(endpointId);
    }
  }
  return claims;
}

function readyRows(
  session: Session,
  {
    partitions,
    without,
    now,
    most,
  }: {
    readonly partitions: readonly number[];
    readonly without: ReadonlySet<string>;
    readonly now: number;
    readonly most: number;
  },
): readonly ReadyRow[] {
  return session.all(statements.ready, now, JSON.stringify(partitions), JSON.stringify([...without]), most);
}

function withoutRoom(room: ClaimInput["room"]): Set<string> {
  return new Set([...room].filter(([, most]) => most <= 0).map(([endpointId]) => endpointId));
}

/** Only of rows of which something is taken: it does not stand in the index that finds them. */
function paceOf(session: Session, [partition, endpointId, lane]: ReadyRow): number | null {
  if (lane === "manual") return null;
  const [, pace] = session.get(statements.holdAndPace, partition, endpointId) ?? [null, null];
  return pace;
}

function lease(
  session: Session,
  delivery: DueRow,
  at: {
    readonly row: ReadyRow;
    readonly pace: number | null;
    readonly body: string;
    readonly leaseMs: number;
    readonly now: number;
  },
): Claim {
  const { row, pace, body, leaseMs, now } = at;
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
    pace,
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
  const outcome = [now - startedAt, null, "lost", lostError, null, null] as const;
  session.run(statements.insertAttempt, partition, deliveryId, number, startedAt, ...outcome);
  session.run(statements.chargeLost, now, partition, deliveryId);
}
