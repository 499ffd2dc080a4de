import { OuthookError } from "@outhook/core/for-stores";
import type { PostgresPool } from "./pool.ts";
import { within } from "./within.ts";

/** Where the connections come from. */
export type PoolSource = {
  /** How many there may be at once; 0 when that is not known. */
  readonly maxConnections: number;
  readonly open: () => Promise<PostgresPool>;
  /** Ends what the store opened itself. */
  readonly close: () => Promise<void>;
};

/** A pool that the store made itself, and ends itself. */
type OwnPool = PostgresPool & { end(): Promise<void> };

/** How long the end of an own pool may take: a database that does not answer must not keep the app from ending. */
const endMs = 5_000;

/** The host's pool. Errors of its idle connections, which end a process that does not listen, are listened to. */
export function hostPool(pool: PostgresPool): PoolSource {
  // Its own, so that another store's end does not take it off the pool that they share.
  const listener = ignore.bind(null);
  return {
    maxConnections: pool.options?.max ?? 0,
    open: async () => {
      pool.removeListener("error", listener);
      pool.on("error", listener);
      return pool;
    },
    close: async () => {
      pool.removeListener("error", listener);
    },
  };
}

/** A pool of the store's own, made at the first call. */
export function ownPool(connectionString: string, maxConnections: number): PoolSource {
  let opening: Promise<OwnPool> | undefined;
  return {
    maxConnections,
    open: () => {
      opening ??= openPool(connectionString, maxConnections);
      return opening;
    },
    close: async () => {
      if (opening === undefined) return;
      const pool = await opening;
      await within(endMs, pool.end(), () => new Error("the pool did not end")).catch(ignore);
    },
  };
}

async function openPool(connectionString: string, maxConnections: number): Promise<OwnPool> {
  const { default: pg } = await import("pg").catch((cause: unknown) => {
    throw new OuthookError("store_unavailable", "the driver of the database is missing", {
      hint: "postgresStore needs the package pg, version 8.16 or newer, and could not load it: npm install pg@8",
      cause,
    });
  });
  const pool = new pg.Pool({ connectionString, max: maxConnections, keepAlive: true, pipeline: true });
  pool.on("error", ignore);
  return pool;
}

/** The pool drops the connection by itself and makes another one for the next call. */
function ignore(): void {}
