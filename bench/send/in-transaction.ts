import BetterSqlite3 from "better-sqlite3";
import pg from "pg";
import type { PreparedSend } from "../../packages/core/src/index.ts";
import { createOuthook } from "../../packages/core/src/index.ts";
import { postgresStore } from "../../packages/postgres/src/index.ts";
import { eventType, tenantOf } from "../messages.ts";
import { openDatabase } from "../../packages/sqlite/src/open.ts";
import type { Location } from "../stores.ts";
import { openOuthook } from "../stores.ts";
import { quantile } from "../statistics.ts";

/** What one message costs in a transaction of the host, in microseconds, `begin` and `commit` not counted. */
export type InTransaction = {
  /** By Outhook: the median. */
  readonly sendUs: number;
  /** The same INSERT with values at hand. */
  readonly bareUs: number;
  /** Statements that Outhook ran for one message, at most. */
  readonly statements: number;
};

const perTransaction = 20;
const tenants = 64;

/** `count` messages by each, in turn. */
export async function measureInTransaction(location: Location, count: number, data: object): Promise<InTransaction> {
  return location.kind === "sqlite" ? await onSqlite(location, count, data) : await onPostgres(location, count, data);
}

async function onPostgres(
  { url }: Extract<Location, { readonly kind: "postgres" }>,
  count: number,
  data: object,
): Promise<InTransaction> {
  const outhook = createOuthook({ store: postgresStore({ connectionString: url }), secretKeys: "plaintext" });
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  let statements = 0;
  let most = 0;
  const query = client.query.bind(client);
  const counted = Object.assign(client, {
    query: (text: string, values: unknown[]) => {
      statements += 1;
      return query(text, values);
    },
  });
  const costs = await inTurn(count, {
    begin: () => query("begin"),
    commit: () => query("commit"),
    prepare: (tenant) => outhook.tenant(tenant).prepare(eventType, data),
    send: async (tenant) => {
      statements = 0;
      await outhook.tenant(tenant).send(eventType, data, { tx: counted });
      most = Math.max(most, statements);
    },
    bare: ({ sql, parameters }) => query(sql, [...parameters]),
  });
  await client.end();
  await outhook.close();
  return { ...costs, statements: most };
}

/** The host's transactions are synchronous: `prepare`, and the host runs the statement. */
async function onSqlite(
  location: Extract<Location, { readonly kind: "sqlite" }>,
  count: number,
  data: object,
): Promise<InTransaction> {
  const outhook = openOuthook(location);
  const db = openDatabase((file) => new BetterSqlite3(file), location.path);
  const run = async ({ sql, parameters }: PreparedSend): Promise<unknown> => db.prepare(sql).get(...parameters);
  const costs = await inTurn(count, {
    begin: async () => db.exec("begin immediate"),
    commit: async () => db.exec("commit"),
    prepare: (tenant) => outhook.tenant(tenant).prepare(eventType, data),
    send: async (tenant) => await run(await outhook.tenant(tenant).prepare(eventType, data)),
    bare: run,
  });
  db.close();
  await outhook.close();
  return { ...costs, statements: 1 };
}

type Steps = {
  readonly begin: () => Promise<unknown>;
  readonly commit: () => Promise<unknown>;
  readonly prepare: (tenant: string) => Promise<PreparedSend>;
  readonly send: (tenant: string) => Promise<unknown>;
  readonly bare: (prepared: PreparedSend) => Promise<unknown>;
};

async function inTurn(count: number, steps: Steps): Promise<Omit<InTransaction, "statements">> {
  const sends: number[] = [];
  const bares: number[] = [];
  for (let n = 0; n < count; n += perTransaction) {
    const names = Array.from({ length: perTransaction }, (_, index) => tenantOf((n + index) % tenants));
    const prepared: PreparedSend[] = [];
    for (const tenant of names) prepared.push(await steps.prepare(tenant));
    await steps.begin();
    for (const [index, tenant] of names.entries()) {
      const bare = async (): Promise<unknown> => bares.push(await msOf(() => steps.bare(prepared[index] ?? fail())));
      // Neither is always the first to come to a page.
      if (index % 2 === 0) await bare();
      sends.push(await msOf(() => steps.send(tenant)));
      if (index % 2 !== 0) await bare();
    }
    await steps.commit();
  }
  return { sendUs: quantile(sends, 0.5) * 1_000, bareUs: quantile(bares, 0.5) * 1_000 };
}

async function msOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function fail(): never {
  throw new Error("as many were prepared as are sent");
}
