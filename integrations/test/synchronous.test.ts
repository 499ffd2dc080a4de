import { createOuthook } from "@outhook/core";
import { sqliteStore } from "@outhook/sqlite";
import Database from "better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { sqliteTable, text } from "drizzle-orm/sqlite-core";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";

const orders = sqliteTable("orders", { id: text("id").primaryKey() });

it("prepare() gives a synchronous transaction of Drizzle on better-sqlite3 its statement", async () => {
  const folder = await mkdtemp(join(tmpdir(), "outhook-integrations-"));
  const path = join(folder, "app.db");
  const outhook = createOuthook({ store: sqliteStore({ path }), secretKeys: "plaintext" });
  await outhook.migrate();
  const acme = outhook.tenant("acme");
  const db = drizzle(path);
  db.run("create table orders (id text primary key)");

  const sent = await acme.prepare("loan.active", { id: "ln_1" });
  db.transaction((tx) => {
    tx.insert(orders).values({ id: "o_1" }).run();
    db.$client.prepare(sent.sql).run(...sent.parameters);
  });
  const abandoned = await acme.prepare("loan.active", { id: "ln_2" });
  expect(() =>
    db.transaction((tx) => {
      tx.insert(orders).values({ id: "o_2" }).run();
      db.$client.prepare(abandoned.sql).run(...abandoned.parameters);
      tx.rollback();
    }),
  ).toThrow("Rollback");

  const observer = new Database(path);
  expect(observer.prepare("select id from outhook_messages").all()).toEqual([{ id: sent.id }]);
  expect(observer.prepare("select id from orders").all()).toEqual([{ id: "o_1" }]);
  observer.close();
  db.$client.close();
  await outhook.close();
  await rm(folder, { recursive: true });
});
