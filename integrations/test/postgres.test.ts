import { describe, expect, it, onTestFinished } from "vitest";
import { drizzleOnNodePostgres, drizzleOnPglite, drizzleOnPostgresJs } from "../hosts/drizzle-on-postgres.ts";
import { knexOnPostgres } from "../hosts/knex.ts";
import { kyselyOnPostgres } from "../hosts/kysely.ts";
import { pgClient } from "../hosts/pg-client.ts";
import { prismaOnPostgres } from "../hosts/prisma.ts";
import { onPglite, onPostgres } from "./fixtures/postgres.ts";
import { itJoins } from "./joining.ts";

describe.each([
  { name: "pg", create: onPostgres(pgClient), limits: {} },
  { name: "Kysely on pg", create: onPostgres(kyselyOnPostgres), limits: {} },
  { name: "Knex on pg", create: onPostgres(knexOnPostgres), limits: {} },
  { name: "Prisma on pg", create: onPostgres(prismaOnPostgres), limits: {} },
  { name: "Drizzle on pg", create: onPostgres(drizzleOnNodePostgres), limits: { tellsEnd: false } },
  { name: "Drizzle on postgres-js", create: onPostgres(drizzleOnPostgresJs), limits: { tellsEnd: false } },
  { name: "Drizzle on PGlite", create: onPglite(drizzleOnPglite), limits: { isolated: false, tellsEnd: false } },
])("a transaction of $name", ({ create, limits }) => {
  itJoins(create, limits);

  it("says so when a statement before has failed", async () => {
    const { host, outhook, remove } = await create({ migrated: true });
    onTestFinished(remove);
    const failed = host.transaction(async ({ tx, insertOrder }) => {
      await insertOrder("o_1");
      await insertOrder("o_1").catch(() => undefined);
      await outhook.tenant("acme").send("loan.active", {}, { tx });
    });
    await expect(failed).rejects.toMatchObject({
      code: "unsupported_transaction",
      message: expect.stringContaining("current transaction is aborted"),
    });
  });
});
