import type { DeliveryStore, EndpointStore, Store } from "@outhook/core";
import { OuthookError } from "@outhook/core/for-stores";
import type { Ask } from "./call.ts";
import { insertOne, valuesOf } from "./insert.ts";
import { createThread } from "./thread.ts";
import { timed } from "./timed.ts";
import type { SqliteTransaction } from "./transaction.ts";
import { insertInto, requireTransaction } from "./transaction.ts";

/** Options of {@link sqliteStore}. */
export type SqliteStoreOptions = {
  /** The database file, made when there is none, or `:memory:`. */
  readonly path: string;
  /** How long a call waits for another connection's write lock before it throws `store_busy`. Default 5,000 ms. */
  readonly lockWaitMs?: number | undefined;
  /** The store's own clock, epoch milliseconds. Default the system's. */
  readonly now?: (() => number) | undefined;
};

/**
 * A store in a SQLite file, by better-sqlite3 13 (Node 22 or newer).
 *
 * It has a connection of its own, opened at the first call, with a write-ahead log and `synchronous=FULL`: what a call has
 * written survives a crash of the process and of the machine. Any number of stores and processes on one machine may use one
 * file; it must not lie on a network share. SQLite runs in a thread of the store's own, so that no call blocks the event loop;
 * bundlers have to leave this package out, as they have to leave out better-sqlite3.
 *
 * `:memory:` keeps everything in this store and loses it with it: sends and the dispatcher of one process work, but a second
 * store, a host's `tx` or another process sees another, empty database.
 *
 * Throws `invalid_options` for a path or wait that it cannot use. Opens nothing by itself.
 *
 * @example
 * const outhook = createOuthook({ store: sqliteStore({ path: "outhook.db" }), secretKeys });
 * await outhook.migrate();
 */
export function sqliteStore({
  path,
  lockWaitMs = 5_000,
  now = Date.now,
}: SqliteStoreOptions): Store<SqliteTransaction> {
  requirePath(path);
  requireWait(lockWaitMs);
  const { ask, onChange, requireOpen, close } = createThread({ path, lockWaitMs });
  return {
    endpoints: endpointsBy(ask),
    secrets: {
      rotate: (input) => ask("secrets", "rotate", input),
      keptAnswer: (input) => ask("secrets", "keptAnswer", input),
      keyIds: (input) => ask("secrets", "keyIds", input),
      sealedWith: (input) => ask("secrets", "sealedWith", input),
      reseal: (input) => ask("secrets", "reseal", input),
    },
    messages: {
      insert: async ({ messages, tx }) => {
        requireOpen();
        if (tx !== undefined) return await insertInto(requireTransaction(tx), messages);
        return messages.length === 0 ? [] : await ask("messages", "insert", { messages });
      },
      statement: (message) => ({ sql: insertOne.sql, parameters: valuesOf(message) }),
      awaitingFanOut: (input) => ask("messages", "awaitingFanOut", input),
      // What was written, and where, is not said.
      onInserted: async (listener) => await onChange(() => listener(null)),
    },
    deliveries: deliveriesBy(ask, now),
    log: {
      message: (input) => ask("log", "message", input),
      delivery: (input) => ask("log", "delivery", input),
      deliveries: (input) => ask("log", "deliveries", input),
      health: (input) => ask("log", "health", input),
      redeliver: (input) => ask("log", "redeliver", timed(input, now)),
    },
    upkeep: {
      migrate: (input) => ask("upkeep", "migrate", { ...input, now: now() }),
      identity: () => ask("upkeep", "identity", undefined),
      heartbeat: (input) => ask("upkeep", "heartbeat", timed(input, now)),
      retire: (input) => ask("upkeep", "retire", input),
    },
    close,
  };
}

function deliveriesBy(ask: Ask, clock: () => number): DeliveryStore {
  return {
    fanOut: (input) => ask("deliveries", "fanOut", timed(input, clock)),
    claim: (input) => ask("deliveries", "claim", timed(input, clock)),
    settle: (input) => ask("deliveries", "settle", timed(input, clock)),
    hold: (input) => ask("deliveries", "hold", timed(input, clock)),
    pace: (input) => ask("deliveries", "pace", input),
    forgetFailures: (input) => ask("deliveries", "forgetFailures", input),
    cancel: (input) => ask("deliveries", "cancel", timed(input, clock)),
    nextDueInMs: (input) => ask("deliveries", "nextDueInMs", timed(input, clock)),
  };
}

function endpointsBy(ask: Ask): EndpointStore {
  return {
    insert: (input) => ask("endpoints", "insert", input),
    get: (input) => ask("endpoints", "get", input),
    list: (input) => ask("endpoints", "list", input),
    update: async ({ tenant, id, change }) => {
      // A function stays where it was made; in the time it takes, nobody is kept from writing.
      for (;;) {
        const before = await ask("endpoints", "get", { tenant, id });
        if (before === null) return null;
        const replaced = await ask("endpoints", "replace", { before, after: change(before) });
        if (replaced !== "outdated") return replaced;
      }
    },
    verified: (input) => ask("endpoints", "verified", input),
    delete: (input) => ask("endpoints", "delete", input),
    ofTenants: (input) => ask("endpoints", "ofTenants", input),
    revisions: (input) => ask("endpoints", "revisions", input),
  };
}

function requirePath(path: unknown): void {
  if (typeof path === "string" && path.trim() !== "" && !path.startsWith("file:")) return;
  const received = typeof path === "string" ? JSON.stringify(path.slice(0, 60)) : `a value of type ${typeof path}`;
  throw new OuthookError(
    "invalid_options",
    `sqliteStore({ path }): must be the path of a file, such as "outhook.db", or ":memory:"; received ${received}`,
    { param: "path" },
  );
}

function requireWait(lockWaitMs: unknown): void {
  if (typeof lockWaitMs === "number" && lockWaitMs >= 0 && lockWaitMs <= 600_000) return;
  throw new OuthookError(
    "invalid_options",
    `sqliteStore({ lockWaitMs }): must be 0 to 600,000 milliseconds; received ${String(lockWaitMs).slice(0, 60)}`,
    { param: "lockWaitMs" },
  );
}
