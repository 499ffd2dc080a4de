import type { DeliveryStore, FanOut } from "@outhook/core";
import type { Session } from "./session.ts";
import * as statements from "./statements.ts";

/** Creates the deliveries of those messages that still wait for fan-out. */
export function fanOut(
  session: Session,
  messages: readonly FanOut[],
  { leaseMs, now }: { readonly leaseMs: number; readonly now: number },
): Awaited<ReturnType<DeliveryStore["fanOut"]>> {
  const isOpen = openAt(session, now);
  const firstDue = new Map<string, { readonly partition: number; readonly endpointId: string; dueAt: number }>();
  const leased = new Set<string>();
  let taken = 0;
  let created = 0;
  for (const { partition, messageId, tenant, type, deliveries } of messages) {
    if (session.run(statements.markFannedOut, partition, messageId) === 0) continue;
    taken += 1;
    for (const { id, endpointId, status, lease } of deliveries) {
      const of = [partition, id, tenant, messageId, endpointId, type, status] as const;
      if (status === "skipped") {
        created += session.run(statements.insertDelivery, ...of, null, null, 0, now, now);
        continue;
      }
      const leasedNow = lease && isOpen(partition, endpointId);
      const dueAt = leasedNow ? now + leaseMs : now;
      const [leasedAt, fence] = leasedNow ? [now, 1] : [null, 0];
      created += session.run(statements.insertDelivery, ...of, dueAt, leasedAt, fence, now, now);
      if (leasedNow) leased.add(id);
      const row = firstDue.get(keyOf(partition, endpointId));
      if (row === undefined) firstDue.set(keyOf(partition, endpointId), { partition, endpointId, dueAt });
      else row.dueAt = Math.min(row.dueAt, dueAt);
    }
  }
  for (const { partition, endpointId, dueAt } of firstDue.values()) {
    session.run(statements.enqueue, partition, endpointId, dueAt, dueAt);
  }
  return { taken, created, leased };
}

/** Tells whether an endpoint is neither held nor paced in a partition, by one read of each. */
function openAt(session: Session, now: number): (partition: number, endpointId: string) => boolean {
  const known = new Map<string, boolean>();
  return (partition, endpointId) => {
    const key = keyOf(partition, endpointId);
    const before = known.get(key);
    if (before !== undefined) return before;
    const [heldUntil, pace] = session.get(statements.holdAndPace, partition, endpointId) ?? [null, null];
    const open = (heldUntil ?? 0) <= now && pace === null;
    known.set(key, open);
    return open;
  };
}

function keyOf(partition: number, endpointId: string): string {
  return `${partition}:${endpointId}`;
}
