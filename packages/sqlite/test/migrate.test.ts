import { migrations, schemaSql } from "@outhook/sql";
import Database from "better-sqlite3";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { sqliteStore } from "../src/index.ts";
import { startChild } from "./fixtures/child.ts";
import { databaseFile, openStore } from "./fixtures/database-file.ts";
import { migrateAs } from "./fixtures/migrating.ts";
import { everywhere, identity, message } from "./fixtures/rows.ts";

const latest = migrations.map(({ id }) => id);

function schemaOf(path: string): readonly unknown[] {
  const db = new Database(path, { readonly: true });
  const schema = db.prepare("select type, name, sql from sqlite_master order by name").all();
  db.close();
  return schema;
}

function sqlOn(path: string, sql: string): void {
  const db = new Database(path);
  db.exec(sql);
  db.close();
}

describe("migrate", () => {
  it("brings an empty file up to date, once", async () => {
    const path = await databaseFile();
    const store = sqliteStore({ path });
    expect(await store.upkeep.migrate({ identity, adopt: false })).toEqual(latest);
    expect(await store.upkeep.migrate({ identity, adopt: false })).toEqual([]);
    await store.close();
    const again = await openStore({ path });
    expect(await again.upkeep.identity()).toEqual(identity);
  });

  it("runs each migration once when two processes call it at once", async () => {
    const path = await databaseFile();
    const startAt = String(Date.now() + 400);
    const children = ["1", "2"].map(() => startChild("migrating-process.ts", [path, startAt]));
    const applied = await Promise.all(children.map((child) => child.result()));
    expect(applied.flat()).toEqual(latest);
    const store = await openStore({ path });
    expect(await store.upkeep.identity()).toEqual(identity);
  });

  it.each([{ after: 1 }, { after: 5 }, { after: 15 }])(
    "runs whole on a file that a process was migrating when it was killed after $after statements",
    async ({ after }) => {
      const path = await databaseFile();
      const { process: killed } = startChild("dying-process.ts", [path, String(after)]);
      expect(await once(killed, "exit")).toEqual([null, "SIGKILL"]);
      expect(schemaOf(path)).toEqual([]);
      const store = sqliteStore({ path });
      expect(await store.upkeep.migrate({ identity, adopt: false })).toEqual(latest);
      await store.close();

      const untouched = await databaseFile();
      await openStore({ path: untouched });
      expect(schemaOf(path)).toEqual(schemaOf(untouched));
    },
  );

  it("refuses a file that a newer, breaking version has migrated, and so does every call", async () => {
    const path = await databaseFile();
    await openStore({ path });
    sqlOn(path, "insert into outhook_migrations (id, breaking, applied_at) values ('9999_future', 1, 0)");
    const store = sqliteStore({ path });
    const refusal = { code: "schema_newer", message: expect.stringContaining("9999_future") };
    await expect(store.upkeep.migrate({ identity, adopt: true })).rejects.toMatchObject(refusal);
    await expect(store.upkeep.identity()).rejects.toMatchObject(refusal);
    await expect(store.messages.insert({ messages: [message(1)] })).rejects.toMatchObject(refusal);
    await store.close();
  });

  it("runs on a file that a newer version has only added to", async () => {
    const path = await databaseFile();
    await openStore({ path });
    sqlOn(path, "insert into outhook_migrations (id, breaking, applied_at) values ('9999_future', 0, 0)");
    const store = await openStore({ path });
    expect(await store.messages.insert({ messages: [message(1)] })).toEqual([{ outcome: "inserted" }]);
  });
});

describe("a migration that is not transactional on Postgres", () => {
  it("leaves nothing behind when it fails in the middle, like any other, and runs whole when it can", async () => {
    const path = await databaseFile();
    const store = await openStore({ path });
    await store.messages.insert({ messages: [message(1), message(2)] });
    const statements = () => [
      "create index if not exists outhook_test_bodies on outhook_messages (partition, body)",
      "create unique index if not exists outhook_test_types on outhook_messages (partition, type)",
    ];
    const known = [...migrations, { id: "0099_types", breaking: false, transactional: false, statements }];
    const before = schemaOf(path);
    await expect(migrateAs(known, path)).rejects.toThrow(/UNIQUE/);
    expect(schemaOf(path)).toEqual(before);
    sqlOn(path, "delete from outhook_messages");
    expect(await migrateAs(known, path)).toEqual(["0099_types"]);
    expect(schemaOf(path)).toHaveLength(before.length + 2);
  });
});

describe("a file that was not migrated", () => {
  it("is refused by every call, with the line to run, and works once it has been", async () => {
    const path = await databaseFile();
    const store = sqliteStore({ path });
    const pending = { code: "schema_pending", message: expect.stringContaining("await outhook.migrate()") };
    await expect(store.upkeep.identity()).rejects.toMatchObject(pending);
    await expect(store.messages.insert({ messages: [message(1)] })).rejects.toMatchObject(pending);
    await expect(store.endpoints.get({ tenant: "acme", id: "we_1" })).rejects.toMatchObject(pending);
    await store.upkeep.migrate({ identity, adopt: false });
    expect(await store.messages.insert({ messages: [message(1)] })).toEqual([{ outcome: "inserted" }]);
    await store.close();
  });

  it("is refused as well when only the last of its migrations is missing", async () => {
    const path = await databaseFile();
    await openStore({ path });
    sqlOn(path, `delete from outhook_migrations where id = '${latest.at(-1)}'`);
    const store = sqliteStore({ path });
    await expect(store.upkeep.heartbeat({ dispatcherId: "d", ttlMs: 1_000 })).rejects.toMatchObject({
      code: "schema_pending",
      message: expect.stringContaining(String(latest.at(-1))),
    });
    await store.close();
  });
});

describe("the printed SQL, run by hand", () => {
  it("makes the same schema, and migrate finds nothing to do but to write down the environment", async () => {
    const path = await databaseFile();
    sqlOn(path, schemaSql("sqlite"));
    const store = sqliteStore({ path });
    await expect(store.upkeep.identity()).rejects.toMatchObject({ code: "schema_pending" });
    expect(await store.upkeep.migrate({ identity, adopt: false })).toEqual([]);
    expect(await store.upkeep.identity()).toEqual(identity);
    await store.messages.insert({ messages: [message(1)] });
    expect(await store.messages.awaitingFanOut({ partitions: everywhere, limit: 1 })).toHaveLength(1);
    await store.close();

    const migrated = await databaseFile();
    await openStore({ path: migrated });
    expect(schemaOf(path)).toEqual(schemaOf(migrated));
  });
});
