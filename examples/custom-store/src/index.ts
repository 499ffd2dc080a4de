import type { Store } from "@outhook/core";
import type { DatabaseSync } from "node:sqlite";
import { connect } from "./connection.ts";
import { deliveries } from "./deliveries.ts";
import { endpoints } from "./endpoints.ts";
import { log } from "./log.ts";
import { messages } from "./messages.ts";
import { secrets } from "./secrets.ts";
import { upkeep } from "./upkeep.ts";

/** Options of {@link nodeSqliteStore}. */
export type NodeSqliteStoreOptions = {
  /** The database file, made when there is none. Any number of processes of one machine may use it. */
  readonly path: string;
  /** How long a call waits for another connection's lock before it throws `store_busy`. Default 5,000 ms. */
  readonly lockWaitMs?: number | undefined;
  /** The store's own clock, for calls that bring no time. Default the system's. */
  readonly now?: (() => number) | undefined;
};

/** A store in a SQLite file, by Node's own `node:sqlite`. Opens nothing before the first call. */
export function nodeSqliteStore({
  path,
  lockWaitMs = 5_000,
  now = Date.now,
}: NodeSqliteStoreOptions): Store<DatabaseSync> {
  const connection = connect(path, lockWaitMs);
  return {
    endpoints: endpoints(connection),
    secrets: secrets(connection),
    messages: messages(connection),
    deliveries: deliveries(connection, now),
    log: log(connection, now),
    upkeep: upkeep(connection, now),
    close: connection.close,
  };
}
