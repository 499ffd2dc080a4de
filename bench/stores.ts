import { mkdtemp, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import BetterSqlite3 from "better-sqlite3";
import { nodeSqliteStore } from "../examples/custom-store/src/index.ts";
import type { AnyEvents, Outhook, OuthookOptions, Store } from "../packages/core/src/index.ts";
import { createOuthook } from "../packages/core/src/index.ts";
import { postgresStore } from "../packages/postgres/src/index.ts";
import { sqliteStore } from "../packages/sqlite/src/index.ts";
import { openDatabase } from "../packages/sqlite/src/open.ts";
import type { BenchServer } from "./postgres/server.ts";
import { withClient } from "./postgres/server.ts";

/** Where a store is. It can be told to another process. */
export type Location =
  | {
      readonly kind: "sqlite";
      readonly path: string;
      /** The store of `examples/custom-store` instead of Outhook's own. */
      readonly custom?: true | undefined;
    }
  | { readonly kind: "postgres"; readonly url: string };

/** What the bench makes stores of, each empty and of its own. */
export type StoreSource = {
  readonly name: string;
  readonly kind: Location["kind"];
  readonly create: () => Promise<Place>;
};

export type Place = {
  readonly location: Location;
  /** What the database does by itself within a minute after much was written. */
  readonly tidy: () => Promise<void>;
  /** One row of numbers. */
  readonly query: (sql: string) => Promise<Readonly<Record<string, number>>>;
  readonly destroy: () => Promise<void>;
};

/** `statfs` of a folder that is in memory, where nothing is ever written through. */
const tmpfs = 0x01021994;

/** Throws when the folder for temporary files is in memory, or SQLite does not write through there. */
export const onSqlite: StoreSource = {
  name: "SQLite",
  kind: "sqlite",
  create: async () => {
    if ((await statfs(tmpdir())).type === tmpfs)
      throw new Error(`${tmpdir()} is in memory, where durable writes cost nothing: set TMPDIR to a folder on a disk`);
    const folder = await mkdtemp(join(tmpdir(), "outhook-bench-"));
    const path = join(folder, "outhook.db");
    const db = openDatabase((file) => new BetterSqlite3(file), path);
    requireFull(db);
    return {
      location: { kind: "sqlite", path },
      tidy: async () => void db.pragma("wal_checkpoint(TRUNCATE)"),
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every caller asks for numbers
      query: async (sql) => db.prepare(sql).get() as Readonly<Record<string, number>>,
      destroy: async () => {
        db.close();
        await rm(folder, { recursive: true });
      },
    };
  },
};

/** Throws when this connection does not write each commit through. Outhook's own connections refuse that by themselves. */
export function requireFull(db: BetterSqlite3.Database): void {
  const synchronous = db.pragma("synchronous", { simple: true });
  if (synchronous !== 2) throw new Error(`SQLite reads back synchronous = ${String(synchronous)}, not 2 (FULL)`);
}

export function onPostgres(server: BenchServer): StoreSource {
  return {
    name: "PostgreSQL",
    kind: "postgres",
    create: async () => {
      const name = `outhook_bench_${crypto.randomUUID().replaceAll("-", "")}`;
      const url = await server.createDatabase(name);
      return {
        location: { kind: "postgres", url },
        tidy: () =>
          withClient(url, async (client) => {
            await client.query("vacuum analyze");
            await client.query("checkpoint");
          }),
        query: (sql) => withClient(url, async (client) => (await client.query(sql)).rows[0]),
        destroy: () => server.dropDatabase(name),
      };
    },
  };
}

/** What the location does not say. */
export type StoreOptions = { readonly maxConnections?: number };

export function openStore(location: Location, { maxConnections = 10 }: StoreOptions = {}): Store {
  if (location.kind === "postgres") return postgresStore({ connectionString: location.url, maxConnections });
  const { path, custom = false } = location;
  return custom ? nodeSqliteStore({ path }) : sqliteStore({ path });
}

/** Outhook with its defaults, as far as requests to this machine and so many in flight allow. */
export function openOuthook(
  location: Location,
  {
    dispatcher,
    limits,
    ...options
  }: StoreOptions & Pick<OuthookOptions<AnyEvents, never>, "dispatcher" | "limits"> = {},
): Outhook<AnyEvents, never> {
  return createOuthook({
    store: openStore(location, options),
    secretKeys: "plaintext",
    network: { allow: ["127.0.0.1/32"], allowHttp: true, ports: "any" },
    dispatcher,
    limits,
  });
}

/** The name of a table of the store, as SQL names it. */
export function tableOf({ kind }: Location, name: "messages" | "deliveries" | "attempts" | "endpoints"): string {
  return kind === "sqlite" ? `outhook_${name}` : `outhook.outhook_${name}`;
}

/** Throws unless so many deliveries succeeded, with one attempt each, and there are no others, unless not `all` are made. */
export async function verifyRecorded(
  { location, query }: Place,
  expected: number,
  { all = true }: { readonly all?: boolean } = {},
): Promise<void> {
  const [deliveries, attempts] = [tableOf(location, "deliveries"), tableOf(location, "attempts")];
  const statusCode = location.kind === "sqlite" && location.custom ? "document ->> 'statusCode'" : "status_code";
  const found = await query(`select
    (select cast(count(*) as integer) from ${deliveries} where status = 'succeeded' and attempts = 1) as succeeded,
    (select cast(count(*) as integer) from ${deliveries} where ${all ? "true" : "attempts > 0"}) as deliveries,
    (select cast(count(*) as integer) from ${attempts} where ${statusCode} = 200) as answered,
    (select cast(count(*) as integer) from ${attempts}) as attempts`);
  if (Object.values(found).every((count) => count === expected)) return;
  throw new Error(`of ${expected} messages there are ${JSON.stringify(found)}`);
}
