import { OuthookError } from "../errors.ts";
import type {
  Attempt,
  DeliveryStatus,
  EndpointHealth,
  Lane,
  Message,
  StoredAnswer,
  StoredEndpoint,
  StoredSecret,
} from "../model.ts";
import type { StoreIdentity } from "../store/upkeep.ts";

/** A tenant's endpoints and how often they were written. */
export type TenantRow = { revision: number; readonly endpoints: Map<string, EndpointRow> };

/** Both values are replaced, never changed in place. */
export type EndpointRow = { endpoint: StoredEndpoint; secrets: readonly StoredSecret[] };

export type MessageRow = {
  readonly message: Message;
  readonly payloadHash: string | null;
  readonly deliveries: DeliveryRow[];
};

export type DeliveryRow = {
  readonly id: string;
  readonly message: Message;
  readonly endpointId: string;
  readonly createdAt: number;
  readonly attempts: Attempt[];
  updatedAt: number;
  status: DeliveryStatus;
  lane: Lane;
  scheduledAttempts: number | null;
  fence: number;
  /** When a claim may take it, while it is pending; the end of the lease while one stands on it. */
  dueAt: number;
  /** When the lease was taken; `null` for none. */
  leasedAt: number | null;
};

/** The queue row of one partition, endpoint and lane. */
export type Queue = {
  readonly partition: number;
  readonly endpointId: string;
  readonly lane: Lane;
  /** Stays 0 in the manual lane. */
  heldUntil: number;
  /** Deliveries a second; `null` for any number, and in the manual lane. */
  pace: number | null;
  /** When a claim last took something of it. */
  servedAt: number;
  /**
   * A binary heap of the pending deliveries by due time, then id. A delivery that is finished or due at another time
   * leaves its entry behind, to be dropped when it comes up: finding it would cost a search.
   */
  readonly heap: QueueEntry[];
};

export type QueueEntry = { readonly dueAt: number; readonly delivery: DeliveryRow };

/** All rows of the store. */
export type Tables = {
  readonly tenants: Map<string, TenantRow>;
  /** By {@link keyOf} tenant, scope and key. */
  readonly answers: Map<string, StoredAnswer>;
  readonly messages: Map<string, MessageRow>;
  /** By {@link keyOf} partition, tenant and idempotency key. */
  readonly idempotency: Map<string, MessageRow>;
  /** Those that wait for fan-out, in the order they were accepted. */
  readonly awaiting: Set<MessageRow>;
  readonly deliveries: Map<string, DeliveryRow>;
  /** By {@link keyOf} partition, endpoint and lane. */
  readonly queues: Map<string, Queue>;
  readonly health: Map<string, EndpointHealth>;
  /** Dispatcher → when its time is over. */
  readonly dispatchers: Map<string, number>;
};

/** The store's life: not migrated, open, closed. */
export type Memory = { identity: StoreIdentity | null; closed: boolean; readonly tables: Tables };

export function emptyMemory(): Memory {
  return {
    identity: null,
    closed: false,
    tables: {
      tenants: new Map(),
      answers: new Map(),
      messages: new Map(),
      idempotency: new Map(),
      awaiting: new Set(),
      deliveries: new Map(),
      queues: new Map(),
      health: new Map(),
      dispatchers: new Map(),
    },
  };
}

/** The rows, which nobody gets before `migrate` or after `close`. */
export function openTables(memory: Memory): Tables {
  requireIdentity(memory);
  return memory.tables;
}

/** Throws `stopped` after `close` and `schema_pending` before `migrate`. */
export function requireIdentity(memory: Memory): StoreIdentity {
  requireOpen(memory);
  if (memory.identity === null) {
    throw new OuthookError("schema_pending", "The memory store was never migrated: call migrate() before using it.");
  }
  return memory.identity;
}

/** Throws `stopped` after `close`. */
export function requireOpen(memory: Memory): void {
  if (memory.closed) {
    throw new OuthookError("stopped", "The memory store is closed, and its rows with it: create a new one.");
  }
}

/** One text for several values, so that no two lists of values meet in it. */
export function keyOf(...values: readonly (string | number)[]): string {
  return JSON.stringify(values);
}
