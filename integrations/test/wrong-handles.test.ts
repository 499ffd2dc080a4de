import type { TransactionHandle } from "@outhook/sql";
import { fromDrizzle, fromKnex, fromPrisma } from "@outhook/sql";
import { sqliteStore } from "@outhook/sqlite";
import { PrismaBetterSqlite3 } from "@prisma/adapter-better-sqlite3";
import Database from "better-sqlite3";
import { sql } from "drizzle-orm";
import { drizzle as drizzleBetterSqlite3 } from "drizzle-orm/better-sqlite3";
import { drizzle as drizzleLibsql } from "drizzle-orm/libsql";
import { drizzle as drizzleNodePostgres } from "drizzle-orm/node-postgres";
import knex from "knex";
import { Kysely, SqliteDialect } from "kysely";
import pg from "pg";
import { afterAll, describe, expect, it } from "vitest";
import { PrismaClient } from "../dist/sqlite/client.ts";

const database = new Database(":memory:");
const pool = new pg.Pool();
const prisma = new PrismaClient({ adapter: new PrismaBetterSqlite3({ url: ":memory:" }) });
const knexInstance = knex({ client: "better-sqlite3", connection: { filename: ":memory:" }, useNullAsDefault: true });
const kysely = new Kysely<object>({ dialect: new SqliteDialect({ database: new Database(":memory:") }) });

afterAll(async () => {
  await prisma.$disconnect();
  await knexInstance.destroy();
  await kysely.destroy();
});

type Wrong = { readonly what: string; readonly wrap: () => unknown; readonly named: string };

const wrong: readonly Wrong[] = [
  {
    what: "fromDrizzle of a Drizzle database on pg",
    // @ts-expect-error -- it cannot roll back
    wrap: () => fromDrizzle(drizzleNodePostgres(pool), sql),
    named: "tx is a Drizzle database outside of a transaction; pass the one that db.transaction(",
  },
  {
    what: "fromDrizzle of a Drizzle database on libsql",
    // @ts-expect-error -- it cannot roll back
    wrap: () => fromDrizzle(drizzleLibsql(":memory:"), sql),
    named: "a Drizzle database outside of a transaction",
  },
  {
    what: "fromDrizzle of a Drizzle database on better-sqlite3",
    // @ts-expect-error -- nor is it asynchronous
    wrap: () => fromDrizzle(drizzleBetterSqlite3(database), sql),
    named: "a Drizzle database whose transactions are synchronous",
  },
  {
    what: "fromDrizzle of a synchronous Drizzle transaction",
    // @ts-expect-error -- it is not asynchronous
    wrap: () => drizzleBetterSqlite3(database).transaction((tx) => fromDrizzle(tx, sql)),
    named: "the transactions of this driver are synchronous, so a send would end after them; await prepare()",
  },
  {
    what: "fromDrizzle without sql",
    wrap: () =>
      // @ts-expect-error -- it lacks sql
      drizzleLibsql(":memory:").transaction(async (tx) => fromDrizzle(tx)),
    named: 'sql is missing; pass the one of `import { sql } from "drizzle-orm"`',
  },
  {
    what: "fromDrizzle of a pg pool",
    // @ts-expect-error -- it is no transaction
    wrap: () => fromDrizzle(pool, sql),
    named: "a pg pool",
  },
  {
    what: "fromPrisma of a PrismaClient",
    // @ts-expect-error -- it can connect
    wrap: () => fromPrisma(prisma),
    named: "tx is a PrismaClient outside of a transaction; pass the one that prisma.$transaction(",
  },
  {
    what: "fromPrisma of an extended PrismaClient",
    // @ts-expect-error -- it can connect
    wrap: () => fromPrisma(prisma.$extends({ client: { hello: () => "hello" } })),
    named: "a PrismaClient outside of a transaction",
  },
  {
    what: "fromPrisma of a Knex transaction",
    // @ts-expect-error -- it is Knex's
    wrap: () => knexInstance.transaction(async (trx) => fromPrisma(trx)),
    named: "tx is a Knex transaction without fromKnex(trx) around it",
  },
  {
    what: "fromKnex of a Knex instance",
    // @ts-expect-error -- it cannot be complete
    wrap: () => fromKnex(knexInstance),
    named: "trx is a Knex instance outside of a transaction; pass the one that knex.transaction(",
  },
  {
    what: "fromKnex of a Knex transaction that has ended",
    wrap: async () => fromKnex(await knexInstance.transaction(async (trx) => trx)),
    named: "the transaction has ended",
  },
  {
    what: "fromKnex of a Prisma transaction",
    // @ts-expect-error -- it is Prisma's
    wrap: () => prisma.$transaction(async (tx) => fromKnex(tx)),
    named: "a Prisma transaction without fromPrisma(tx) around it",
  },
  {
    what: "fromKnex of a Kysely transaction",
    // @ts-expect-error -- it is Kysely's
    wrap: () => kysely.transaction().execute(async (tx) => fromKnex(tx)),
    named: "a Kysely Transaction",
  },
  {
    what: "fromPrisma of nothing",
    // @ts-expect-error -- it is nothing
    wrap: () => fromPrisma(undefined),
    named: "a value of type undefined",
  },
];

describe("a wrapper", () => {
  it.each(wrong)("refuses $what", async ({ wrap, named }) => {
    await expectRefusal(wrap)(named);
  });

  it("takes the transactions of extended Prisma clients, and those within others", async () => {
    const extended = prisma.$extends({ client: { hello: () => "hello" } });
    const handles: TransactionHandle[] = [];
    await extended.$transaction(async (tx) => void handles.push(fromPrisma(tx)));
    await prisma.$transaction((tx) => tx.$transaction(async (inner) => void handles.push(fromPrisma(inner))));
    expect(handles).toHaveLength(2);
  });
});

describe("a store that is given a transaction without its wrapper", () => {
  const store = sqliteStore({ path: ":memory:" });
  const expectRefusalOf = (tx: unknown) =>
    expectRefusal(() => store.messages.insert({ messages: [], tx: tx as never }));

  it("names the wrapper", async () => {
    await knexInstance.transaction(async (trx) => expectRefusalOf(trx)("without fromKnex(trx) around it"));
    await prisma.$transaction(async (tx) => expectRefusalOf(tx)("without fromPrisma(tx) around it"));
    await drizzleLibsql(":memory:").transaction(async (tx) =>
      expectRefusalOf(tx)("without fromDrizzle(tx, sql) around it"),
    );
    await expectRefusalOf(drizzleBetterSqlite3(database))("a Drizzle database whose transactions are synchronous");
  });
});

/** Runs this and expects that it refuses a transaction in these words. */
function expectRefusal(run: () => unknown): (named: string) => Promise<void> {
  return async (named) => {
    await expect((async () => run())()).rejects.toMatchObject({
      name: "OuthookError",
      code: "unsupported_transaction",
      param: "tx",
      message: expect.stringContaining(named),
    });
  };
}
