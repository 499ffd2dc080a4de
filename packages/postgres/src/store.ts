import type { Store } from "@outhook/core";
import { OuthookError } from "@outhook/core/for-stores";
import { createQueryBuilder, endpointSteps, heartbeatSteps, logSteps, migrationSteps, secretSteps } from "@outhook/sql";
import { postgresDeliveries } from "./deliveries.ts";
import { postgresEndpoints } from "./endpoints.ts";
import { createHints } from "./hints.ts";
import { postgresLog } from "./log.ts";
import { postgresMessages } from "./messages.ts";
import type { PoolSource } from "./pool-source.ts";
import { hostPool, ownPool } from "./pool-source.ts";
import type { PostgresPool } from "./pool.ts";
import { postgresSecrets } from "./secrets.ts";
import { createStatements } from "./statements.ts";
import type { PostgresTransaction } from "./transaction.ts";
import { createTransactions } from "./transactions.ts";
import { postgresUpkeep } from "./upkeep.ts";

/** Where {@link postgresStore} gets its connections from. */
export type PostgresConnections =
  /** The host's own pool of `pg`, which stays the host's to end, after `outhook.close()`. */
  | { readonly pool: PostgresPool; readonly connectionString?: undefined; readonly maxConnections?: undefined }
  /** A pool of the store's own, at most `maxConnections` large: 1 to 1,000, default 10. */
  | {
      readonly connectionString: string;
      readonly maxConnections?: number | undefined;
      readonly pool?: undefined;
    };

/** Options of {@link postgresStore}. */
export type PostgresStoreOptions = PostgresConnections & {
  /** The schema of the tables, made by `migrate`, and named in every statement. Default `outhook`. */
  readonly schema?: string | undefined;
  /** `false` for poolers that give each transaction another connection and know no prepared statements. Default `true`. */
  readonly preparedStatements?: boolean | undefined;
  /**
   * Lets processes tell each other of new messages, so that a dispatcher need not wait for its next look: by `NOTIFY`, at most
   * 40 times a second, outside of any transaction. A running dispatcher keeps one connection for it, in a pool of at least 3;
   * in a smaller one it only looks. Default as `preparedStatements`, since poolers pass no hints on.
   */
  readonly hints?: boolean | undefined;
  /** How long a call waits for a connection, and for a lock, before it throws `store_busy`. Default 5,000 ms. */
  readonly lockWaitMs?: number | undefined;
  /** The store's own clock, epoch milliseconds. Default the database's, so that no two machines disagree. */
  readonly now?: (() => number) | undefined;
};

/**
 * A store in a Postgres database, version 13 or newer, by `pg` 8.
 *
 * Any number of stores and processes may use one database. Each call is one short transaction on a connection of the pool:
 * it works through poolers, goes on by itself after the database was restarted, and never waits without bound.
 *
 * Throws `invalid_options` for options that it cannot use. Connects to nothing by itself.
 *
 * @example
 * const pool = new Pool({ connectionString: process.env.DATABASE_URL });
 * const outhook = createOuthook({ store: postgresStore({ pool }), secretKeys });
 * await outhook.migrate();
 */
export function postgresStore(options: PostgresStoreOptions): Store<PostgresTransaction> {
  const { schema = "outhook", preparedStatements = true, lockWaitMs = 5_000, now } = options;
  const { hints: wanted = preparedStatements } = options;
  const source = sourceOf(options);
  requireSchema(schema);
  requireWait(lockWaitMs);
  const builder = createQueryBuilder("postgres", { schema });
  const statements = createStatements(schema);
  const migrations = migrationSteps(builder);
  const clock = now ?? null;
  const transactions = createTransactions({
    source,
    schema,
    lockWaitMs,
    prepared: preparedStatements,
    migrations,
    random: Math.random,
  });
  const hints = wanted ? createHints(source, { schema, requireOpen: transactions.requireOpen }) : null;
  return {
    endpoints: postgresEndpoints(transactions, endpointSteps(builder)),
    secrets: postgresSecrets(transactions, secretSteps(builder)),
    messages: postgresMessages(transactions, { statements, hints }),
    deliveries: postgresDeliveries(transactions, { statements, clock }),
    log: postgresLog(transactions, { steps: logSteps(builder), statements, clock }),
    upkeep: postgresUpkeep(transactions, { migrations, heartbeats: heartbeatSteps(builder), schema, clock }),
    close: async () => {
      transactions.close();
      await hints?.close();
      await source.close();
    },
  };
}

function sourceOf({ pool, connectionString, maxConnections = 10 }: PostgresConnections): PoolSource {
  if (pool !== undefined) {
    if (typeof pool === "object" && typeof pool.connect === "function" && typeof pool.on === "function")
      return hostPool(pool);
    throw invalid("pool", "must be a Pool of pg", `a value of type ${typeof pool}`);
  }
  if (typeof connectionString !== "string" || connectionString.trim() === "") {
    throw new OuthookError(
      "invalid_options",
      'postgresStore({ pool }) or postgresStore({ connectionString: "postgres://user@host/database" }): one is needed',
      { param: "connectionString" },
    );
  }
  if (!Number.isInteger(maxConnections) || maxConnections < 1 || maxConnections > 1_000) {
    throw invalid("maxConnections", "must be a whole number from 1 to 1,000", String(maxConnections));
  }
  return ownPool(connectionString, maxConnections);
}

function requireSchema(schema: unknown): void {
  // Longer names are cut by Postgres, so that two of them could be one.
  if (typeof schema === "string" && schema !== "" && !schema.includes("\0") && Buffer.byteLength(schema) <= 63) return;
  throw invalid(
    "schema",
    "must be the name of a schema, 1 to 63 bytes",
    typeof schema === "string" ? JSON.stringify(schema) : String(schema),
  );
}

function requireWait(lockWaitMs: unknown): void {
  if (typeof lockWaitMs === "number" && Number.isInteger(lockWaitMs) && lockWaitMs >= 0 && lockWaitMs <= 600_000)
    return;
  throw invalid("lockWaitMs", "must be 0 to 600,000 milliseconds", String(lockWaitMs));
}

function invalid(param: string, rule: string, received: string): OuthookError {
  const detail = `postgresStore({ ${param} }): ${rule}; received ${received.slice(0, 60)}`;
  return new OuthookError("invalid_options", detail, { param });
}
