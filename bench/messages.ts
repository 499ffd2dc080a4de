import { newId } from "../packages/core/src/id.ts";
import { defaultPartitions, partitionOf } from "../packages/core/src/partition.ts";
import type { NewMessage } from "../packages/core/src/store/messages.ts";

/** The event type of all messages. */
export const eventType = "loan.active";

/** Messages go to the endpoints in turn, the n-th of each turn to that of the n-th tenant. */
export function tenantOf(n: number): string {
  return `tenant-${n}`;
}

/** A body of exactly so many bytes, at least 128. */
export function bodyOf(n: number, bytes: number): string {
  const head = JSON.stringify({ type: eventType, timestamp: new Date().toISOString(), data: { n, note: "" } });
  return head.replace(/"}}$/, `${"x".repeat(bytes - head.length)}"}}`);
}

/** The n-th message, as `send` hands it to a store. */
export function messageOf(
  n: number,
  { tenant, bytes }: { readonly tenant: string; readonly bytes: number },
): NewMessage {
  const id = newId("msg_");
  return {
    id,
    partition: partitionOf(tenant, id, { partitions: defaultPartitions, spread: {} }),
    tenant,
    type: eventType,
    body: bodyOf(n, bytes),
    createdAt: Date.now(),
    idempotencyKey: null,
    payloadHash: null,
  };
}

/** The same, to the tenants in turn. */
export function messageInTurn(
  n: number,
  { tenants, bytes }: { readonly tenants: number; readonly bytes: number },
): NewMessage {
  return messageOf(n, { tenant: tenantOf(n % tenants), bytes });
}

/** Numbers from `first` on, in groups of at most `size`. */
export function* groupsOf(first: number, count: number, size: number): Generator<readonly number[]> {
  for (let n = 0; n < count; n += size)
    yield Array.from({ length: Math.min(size, count - n) }, (_, index) => first + n + index);
}
