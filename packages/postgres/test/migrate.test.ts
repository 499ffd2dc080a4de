import { migrations, schemaSql } from "@outhook/sql";
import { describe, expect, it, onTestFinished } from "vitest";
import { postgresStore } from "../src/index.ts";
import { runOn, useDatabase } from "./fixtures/database.ts";
import { awaiting, identity, message } from "./fixtures/rows.ts";

const database = useDatabase();
const latest = migrations.map(({ id }) => id);

function inSchema(schema: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  return runOn(database.url(), `set search_path = "${schema.replaceAll('"', '""')}"; ${sql}`);
}

/** Columns, indexes and storage parameters of all tables in a schema. */
async function schemaOf(schema: string): Promise<readonly unknown[]> {
  const [columns, indexes, tables] = await Promise.all(
    [
      `select table_name, column_name, data_type, collation_name, is_nullable from information_schema.columns
         where table_schema = $1 order by 1, 2`,
      `select replace(indexdef, quote_ident($1) || '.', '') as definition from pg_indexes where schemaname = $1 order by 1`,
      `select relname, reloptions from pg_class where relnamespace = quote_ident($1)::regnamespace and relkind = 'r' order by 1`,
    ].map(async (sql) => (await database.openPool({ max: 1 }).query(sql, [schema])).rows),
  );
  return [columns, indexes, tables];
}

describe("migrate", () => {
  it("brings an empty database up to date, once, and makes the schema", async () => {
    const schema = database.newSchema();
    const store = postgresStore({ pool: database.openPool(), schema });
    expect(await store.upkeep.migrate({ identity, adopt: false })).toEqual(latest);
    expect(await store.upkeep.migrate({ identity, adopt: false })).toEqual([]);
    expect(await store.upkeep.identity()).toEqual(identity);
  });

  it("uses the schema outhook unless another is named", async () => {
    const store = postgresStore({ pool: database.openPool() });
    expect(await store.upkeep.migrate({ identity, adopt: false })).toEqual(latest);
    const made = "select 1 as found from pg_tables where (schemaname, tablename) = ('outhook', 'outhook_messages')";
    expect(await runOn(database.url(), made)).toEqual([{ found: 1 }]);
  });

  it("runs each migration once when four processes call it at once", async () => {
    const schema = database.newSchema();
    const stores = Array.from({ length: 4 }, () => postgresStore({ pool: database.openPool(), schema }));
    const applied = await Promise.all(stores.map((store) => store.upkeep.migrate({ identity, adopt: false })));
    expect(applied.flat()).toEqual(latest);
    for (const store of stores) expect(await store.upkeep.identity()).toEqual(identity);
  });

  it("leaves nothing behind when it fails in the middle, and runs whole when it can", async () => {
    const schema = database.newSchema();
    await runOn(database.url(), `create schema "${schema.replaceAll('"', '""')}"`);
    await inSchema(schema, "create table outhook_health (mine int)");
    const store = postgresStore({ pool: database.openPool(), schema });
    await expect(store.upkeep.migrate({ identity, adopt: false })).rejects.toThrow(/outhook_health/);
    const tables = `select relname from pg_class where relnamespace = quote_ident(current_schema)::regnamespace and relkind = 'r'`;
    expect(await inSchema(schema, tables)).toEqual([{ relname: "outhook_health" }]);
    await inSchema(schema, "drop table outhook_health");
    expect(await store.upkeep.migrate({ identity, adopt: false })).toEqual(latest);
  });

  it("needs no right to create anything once everything is there", async () => {
    const schema = database.newSchema();
    await database.openStore({ schema });
    const role = `outhook_${crypto.randomUUID().replaceAll("-", "")}`;
    const quoted = `"${schema.replaceAll('"', '""')}"`;
    await runOn(
      database.url(),
      `create role ${role} login password 'x'; grant usage on schema ${quoted} to ${role};
       grant select, insert, update, delete on all tables in schema ${quoted} to ${role}`,
    );
    onTestFinished(() => runOn(database.url(), `drop owned by ${role}; drop role ${role}`).then(() => undefined));
    const connectionString = Object.assign(new URL(database.url()), { username: role, password: "x" }).href;
    const store = postgresStore({ connectionString, schema });
    expect(await store.upkeep.migrate({ identity, adopt: false })).toEqual([]);
    await store.messages.insert({ messages: [message(1)] });
    expect(await awaiting(store)).toHaveLength(1);
    await store.close();
  });

  it.each(["LATIN1", "SQL_ASCII"])(
    "refuses a database of the encoding %s, and makes nothing in it",
    async (encoding) => {
      const name = `outhook_${encoding.toLowerCase()}_${crypto.randomUUID().replaceAll("-", "")}`;
      await runOn(
        database.url(),
        `create database ${name} template template0 encoding 'LATIN1' lc_collate 'C' lc_ctype 'C'`,
      );
      onTestFinished(() => runOn(database.url(), `drop database ${name} with (force)`).then(() => undefined));
      const connectionString = Object.assign(new URL(database.url()), { pathname: `/${name}` }).href;
      const store = postgresStore({ connectionString });
      await expect(store.upkeep.migrate({ identity, adopt: false })).rejects.toMatchObject({
        code: "invalid_options",
        message: expect.stringContaining("the encoding LATIN1"),
      });
      expect(await runOn(connectionString, "select 1 from pg_namespace where nspname = 'outhook'")).toEqual([]);
      await store.close();
    },
  );

  it("refuses a database that a newer, breaking version has migrated, and so does every call", async () => {
    const schema = database.newSchema();
    await database.openStore({ schema });
    await inSchema(schema, "insert into outhook_migrations (id, breaking, applied_at) values ('9999_future', 1, 0)");
    const store = postgresStore({ pool: database.openPool(), schema });
    const refusal = { code: "schema_newer", message: expect.stringContaining("9999_future") };
    await expect(store.upkeep.migrate({ identity, adopt: true })).rejects.toMatchObject(refusal);
    await expect(store.upkeep.identity()).rejects.toMatchObject(refusal);
    await expect(store.messages.insert({ messages: [message(1)] })).rejects.toMatchObject(refusal);
  });

  it("runs on a database that a newer version has only added to", async () => {
    const schema = database.newSchema();
    await database.openStore({ schema });
    await inSchema(schema, "insert into outhook_migrations (id, breaking, applied_at) values ('9999_future', 0, 0)");
    const store = await database.openStore({ schema });
    expect(await store.messages.insert({ messages: [message(1)] })).toEqual([{ outcome: "inserted" }]);
  });
});

describe("a database that was not migrated", () => {
  it.each([{ made: true }, { made: false }])(
    "is refused by every call, with the line to run, and works once it has been (schema is there: $made)",
    async ({ made }) => {
      const schema = database.newSchema();
      if (made) await runOn(database.url(), `create schema "${schema.replaceAll('"', '""')}"`);
      const store = postgresStore({ pool: database.openPool(), schema });
      const pending = { code: "schema_pending", message: expect.stringContaining("await outhook.migrate()") };
      await expect(store.upkeep.identity()).rejects.toMatchObject(pending);
      await expect(store.messages.insert({ messages: [message(1)] })).rejects.toMatchObject(pending);
      await expect(store.endpoints.get({ tenant: "acme", id: "we_1" })).rejects.toMatchObject(pending);
      await store.upkeep.migrate({ identity, adopt: false });
      expect(await store.messages.insert({ messages: [message(1)] })).toEqual([{ outcome: "inserted" }]);
    },
  );

  it("is refused as well when only the last of its migrations is missing", async () => {
    const schema = database.newSchema();
    await database.openStore({ schema });
    await inSchema(schema, `delete from outhook_migrations where id = '${latest.at(-1)}'`);
    const store = postgresStore({ pool: database.openPool(), schema });
    await expect(store.upkeep.heartbeat({ dispatcherId: "d", ttlMs: 1_000 })).rejects.toMatchObject({
      code: "schema_pending",
      message: expect.stringContaining(String(latest.at(-1))),
    });
  });
});

describe("the printed SQL, run by hand", () => {
  it("makes the same schema, and migrate finds nothing to do but to write down the environment", async () => {
    const [schema, migrated] = [database.newSchema(), database.newSchema()];
    await runOn(database.url(), schemaSql("postgres", { schema }));
    const store = postgresStore({ pool: database.openPool(), schema });
    await expect(store.upkeep.identity()).rejects.toMatchObject({ code: "schema_pending" });
    expect(await store.upkeep.migrate({ identity, adopt: false })).toEqual([]);
    expect(await store.upkeep.identity()).toEqual(identity);
    await store.messages.insert({ messages: [message(1)] });
    expect(await awaiting(store)).toHaveLength(1);

    await database.openStore({ schema: migrated });
    expect(await schemaOf(schema)).toEqual(await schemaOf(migrated));
  });
});
