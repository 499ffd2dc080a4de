import type { TransactionHandle } from "@outhook/sql";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, inject, it } from "vitest";
import { drizzleOnNodePostgres, drizzleOnPostgresJs } from "../hosts/drizzle-on-postgres.ts";
import { drizzleOnLibsql, drizzleOnSqliteProxy } from "../hosts/drizzle-on-sqlite.ts";
import type { Host } from "../hosts/host.ts";
import { knexOnPostgres, knexOnSqlite } from "../hosts/knex.ts";
import { prismaOnPostgres, prismaOnSqlite } from "../hosts/prisma.ts";

/** Also what no body holds, where such characters are escaped. */
const texts = [
  "? ?? \\? :name $1 $2 $$",
  "' '' \" \"\" ` \\ -- /* */",
  "\r\n\t\v\f\u2028\u0001\u007f",
  "👩‍👩‍👧 \u{10ffff} é",
  "2025-01-01T00:00:00.000Z",
  "12",
  "null",
  "",
  "é?$1'".repeat(40_000),
];

const onSqlite = "select ? as a, ? as b";
const onPostgres = `select $2::text as b, $1::text as a, '? $1' as "c? $1"`;

const hosts: readonly {
  readonly name: string;
  readonly open: (place: string) => Host<TransactionHandle>;
  readonly sql: string;
}[] = [
  { name: "Knex on better-sqlite3", open: knexOnSqlite, sql: onSqlite },
  { name: "Prisma on better-sqlite3", open: prismaOnSqlite, sql: onSqlite },
  { name: "Drizzle on libsql", open: drizzleOnLibsql, sql: onSqlite },
  { name: "Drizzle on sqlite-proxy", open: drizzleOnSqliteProxy, sql: onSqlite },
  { name: "Knex on pg", open: knexOnPostgres, sql: onPostgres },
  { name: "Prisma on pg", open: prismaOnPostgres, sql: onPostgres },
  { name: "Drizzle on pg", open: drizzleOnNodePostgres, sql: onPostgres },
  { name: "Drizzle on postgres-js", open: drizzleOnPostgresJs, sql: onPostgres },
];

it.each(hosts)("the handle of $name gives the database every text as it is", async ({ open, sql }) => {
  const folder = await mkdtemp(join(tmpdir(), "outhook-integrations-"));
  const host = open(sql === onPostgres ? inject("postgresUrl") : join(folder, "app.db"));
  await host.transaction(async ({ tx }) => {
    for (const text of texts) {
      const [row] = await tx.run({ sql, parameters: [text, null] });
      if (Array.isArray(row)) expect(row).toEqual([text, null]);
      else expect(row).toEqual({ a: text, b: null, ...(sql === onPostgres ? { "c? $1": "? $1" } : {}) });
    }
  });
  await host.close();
  await rm(folder, { recursive: true });
});
