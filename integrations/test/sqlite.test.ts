import { describe, expect, it, onTestFinished } from "vitest";
import { drizzleOnLibsql, drizzleOnSqliteProxy } from "../hosts/drizzle-on-sqlite.ts";
import { knexOnSqlite } from "../hosts/knex.ts";
import { kyselyOnSqlite } from "../hosts/kysely.ts";
import { prismaOnSqlite } from "../hosts/prisma.ts";
import { onSqlite } from "./fixtures/sqlite.ts";
import { itJoins } from "./joining.ts";

describe.each([
  { name: "Kysely on better-sqlite3", create: onSqlite(kyselyOnSqlite), limits: {} },
  { name: "Knex on better-sqlite3", create: onSqlite(knexOnSqlite), limits: {} },
  { name: "Prisma on better-sqlite3", create: onSqlite(prismaOnSqlite), limits: {} },
  { name: "Drizzle on libsql", create: onSqlite(drizzleOnLibsql), limits: {} },
  { name: "Drizzle on sqlite-proxy", create: onSqlite(drizzleOnSqliteProxy), limits: { tellsEnd: false } },
])("a transaction of $name", ({ name, create, limits }) => {
  itJoins(create, limits);

  // libsql begins its transactions with the write lock.
  it.skipIf(name.includes("libsql"))(
    "tells a host that read before it wrote that it cannot wait for the lock",
    async () => {
      const { host, outhook, remove } = await create({ migrated: true });
      onTestFinished(remove);
      const acme = outhook.tenant("acme");
      const reading = host.transaction(async ({ tx, countOrders }) => {
        await countOrders();
        await acme.send("loan.active", {});
        await acme.send("loan.active", {}, { tx });
      });
      await expect(reading).rejects.toMatchObject({
        code: "store_busy",
        message: expect.stringContaining("BEGIN IMMEDIATE"),
      });
    },
  );
});
