import type { Arguments } from "./arguments.ts";
import { versionOf } from "./heading.ts";
import type { ProcessorTime } from "./postgres/processor-time.ts";
import { processorTimeOf } from "./postgres/processor-time.ts";
import { openServer } from "./postgres/server.ts";
import type { StoreSource } from "./stores.ts";
import { onPostgres, onSqlite } from "./stores.ts";

/** The stores that somebody asked for: both, or one. */
export type Sources = {
  readonly stores: readonly StoreSource[];
  /** Names with versions. */
  readonly versions: readonly string[];
  /** Of the Postgres server; `null` without one. */
  readonly processorTime: ProcessorTime | null;
};

/** Has a Postgres run as long as `work` does, where it is asked for. */
export async function withSources<Result>(
  store: Arguments["store"],
  work: (sources: Sources) => Promise<Result>,
): Promise<Result> {
  const server = store === "sqlite" ? null : await openServer();
  try {
    return await work({
      stores: [...(store === "postgres" ? [] : [onSqlite]), ...(server === null ? [] : [onPostgres(server)])],
      versions: [
        ...(store === "postgres" ? [] : [versionOf("better-sqlite3")]),
        ...(server === null ? [] : [`PostgreSQL ${server.version}`, versionOf("pg")]),
      ],
      processorTime: server === null ? null : await processorTimeOf(server.url),
    });
  } finally {
    await server?.close();
  }
}
