import type { FanOut } from "@outhook/core";
import type { Session } from "./session.ts";
import * as statements from "./statements.ts";

/** Deliveries that one transaction creates, at most, unless a single message has more. */
const deliveriesPerTransaction = 64;

/** Cuts messages into groups that are fanned out in one transaction each. */
export function* groupsOf(messages: readonly FanOut[]): Generator<readonly FanOut[]> {
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

/** Creates the deliveries of those messages that still wait for fan-out, and says how many, and which it leased. */
export function fanOut(
  session: Session,
  messages: readonly FanOut[],
  { leaseMs, now }: { readonly leaseMs: number; readonly now: number },
): { readonly created: number; readonly leased: readonly string[] } {
  const isHeld = holdsAt(session, now);
  const firstDue = new Map<string, { readonly partition: number; readonly endpointId: string; dueAt: number }>();
  const leased: string[] = [];
  let created = 0;
  for (const { partition, messageId, tenant, type, deliveries } of messages) {
    if (session.run(statements.markFannedOut, partition, messageId) === 0) continue;
    for (const { id, endpointId, status, lease } of deliveries) {
      const of = [partition, id, tenant, messageId, endpointId, type, status] as const;
      if (status === "skipped") {
        created += session.run(statements.insertDelivery, ...of, null, null, 0, now, now);
        continue;
      }
      const taken = lease && !isHeld(partition, endpointId);
      const dueAt = taken ? now + leaseMs : now;
      created += session.run(statements.insertDelivery, ...of, dueAt, taken ? now : null, taken ? 1 : 0, now, now);
      if (taken) leased.push(id);
      const row = firstDue.get(keyOf(partition, endpointId));
      if (row === undefined) firstDue.set(keyOf(partition, endpointId), { partition, endpointId, dueAt });
      else row.dueAt = Math.min(row.dueAt, dueAt);
    }
  }
  for (const { partition, endpointId, dueAt } of firstDue.values()) {
    session.run(statements.enqueue, partition, endpointId, dueAt, dueAt);
  }
  return { created, leased };
}

/** Tells whether an endpoint is held in a partition, by one read of each. */
function holdsAt(session: Session, now: number): (partition: number, endpointId: string) => boolean {
  const known = new Map<string, boolean>();
  return (partition, endpointId) => {
    const key = keyOf(partition, endpointId);
    const before = known.get(key);
    if (before !== undefined) return before;
    const [heldUntil] = session.get(statements.heldUntil, partition, endpointId) ?? [null];
    const held = heldUntil !== null && heldUntil > now;
    known.set(key, held);
    return held;
  };
}

function keyOf(partition: number, endpointId: string): string {
  return `${partition}:${endpointId}`;
}
