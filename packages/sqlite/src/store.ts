import type { Store } from "@outhook/core";
import { OuthookError } from "@outhook/core";
import { createQueryBuilder, endpointSteps, heartbeatSteps, logSteps, migrationSteps } from "@outhook/sql";
import { createConnection } from "./connection.ts";
import { sqliteDeliveries } from "./deliveries.ts";
import { sqliteEndpoints } from "./endpoints.ts";
import { sqliteLog } from "./log.ts";
import { sqliteMessages } from "./messages.ts";
import type { SqliteTransaction } from "./transaction.ts";
import { sqliteUpkeep } from "./upkeep.ts";

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
 * file; it must not lie on a network share. Calls never block the event loop while they wait for a lock.
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
  const builder = createQueryBuilder("sqlite");
  const migrations = migrationSteps(builder);
  const connection = createConnection({
    path,
    lockWaitMs,
    migrations,
    monotonic: () => performance.now(),
    random: Math.random,
  });
  return {
    endpoints: sqliteEndpoints(connection, endpointSteps(builder)),
    messages: sqliteMessages(connection),
    deliveries: sqliteDeliveries(connection, now),
    log: sqliteLog(connection, { steps: logSteps(builder), clock: now }),
    upkeep: sqliteUpkeep(connection, { migrations, heartbeats: heartbeatSteps(builder), clock: now }),
    close: connection.close,
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
