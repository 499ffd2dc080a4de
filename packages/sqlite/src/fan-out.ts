import type { FanOut } from "@outhook/core";
import type { Session } from "./session.ts";
import { statements } from "./statements.ts";

/** Deliveries that one transaction creates, at most, unless one message has more. */
const deliveriesPerTransaction = 256;

type Clocked = { readonly leaseMs: number; readonly now: number };

/** What a transaction has created, by ids, and which of them it has leased. */
export type Created = { readonly created: number; readonly leased: readonly string[] };

/** Cuts messages into groups that are fanned out in one transaction each. */
export function* transactionsOf(messages: readonly FanOut[]): Generator<readonly FanOut[]> {
  let group: FanOut[] = [];
  let size = 0;
  for (const message of messages) {
    if (size > 0 && size + message.deliveries.length > deliveriesPerTransaction) {
      yield group;
      group = [];
      size = 0;
    }
    group.push(message);
    size += message.deliveries.length;
  }
  if (group.length > 0) yield group;
}

/** Creates the deliveries of those messages that still wait for fan-out. */
export function fanOut(session: Session, messages: readonly FanOut[], { leaseMs, now }: Clocked): Created {
  const queue = newlyQueued(session, now);
  const leased: string[] = [];
  let created = 0;
  for (const { partition, messageId, tenant, type, deliveries } of messages) {
    if (session.run(statements.markFannedOut, partition, messageId) === 0) continue;
    for (const { id, endpointId, status, lease } of deliveries) {
      const pending = status === "pending";
      const leases = pending && lease && !queue.isHeld(partition, endpointId);
      const dueAt = leases ? now + leaseMs : now;
      created += session.run(
        statements.insertDelivery,
        partition,
        id,
        tenant,
        messageId,
        endpointId,
        type,
        status,
        pending ? dueAt : null,
        leases ? now : null,
        leases ? 1 : 0,
        now,
        now,
      );
      if (pending) queue.add(partition, endpointId, dueAt);
      if (leases) leased.push(id);
    }
  }
  queue.write();
  return { created, leased };
}

type Row = { readonly partition: number; readonly endpointId: string; readonly held: boolean; firstDueAt: number };

/** The queue rows that get deliveries, each read once and written once. */
function newlyQueued(session: Session, now: number) {
  const rows = new Map<string, Row>();

  const rowOf = (partition: number, endpointId: string): Row => {
    const key = `${partition}:${endpointId}`;
    const known = rows.get(key);
    if (known !== undefined) return known;
    const [heldUntil] = session.get<readonly [number | null]>(statements.heldUntil, partition, endpointId) ?? [null];
    const row = { partition, endpointId, held: (heldUntil ?? 0) > now, firstDueAt: Number.POSITIVE_INFINITY };
    rows.set(key, row);
    return row;
  };

  return {
    isHeld: (partition: number, endpointId: string) => rowOf(partition, endpointId).held,
    add: (partition: number, endpointId: string, dueAt: number) => {
      const row = rowOf(partition, endpointId);
      row.firstDueAt = Math.min(row.firstDueAt, dueAt);
    },
    write: () => {
      for (const { partition, endpointId, firstDueAt } of rows.values()) {
        session.run(statements.enqueue, partition, endpointId, firstDueAt, firstDueAt);
      }
    },
  };
}
