import type { Store } from "@outhook/core";
import { migrations } from "@outhook/sql";
import { storeConformance } from "@outhook/testkit";
import Database from "better-sqlite3";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { nextMigration, rewrittenTables, work } from "../../sql/test/fixtures/newer-schema.ts";
import { sqliteStore } from "../src/index.ts";
import { databaseFile, openStore } from "./fixtures/database-file.ts";
import { beginOn } from "./fixtures/host-transaction.ts";
import { migrateAs } from "./fixtures/migrating.ts";
import { identity } from "./fixtures/rows.ts";

async function migrateToNext(path: string): Promise<void> {
  expect(await migrateAs([...migrations, nextMigration], path)).toEqual([nextMigration.id]);
}

/** A store, closed with the test, which goes on when the next version migrates what it has just migrated itself. */
function openOn(path: string): Store {
  const store = sqliteStore({ path });
  onTestFinished(() => store.close());
  const migrate: Store["upkeep"]["migrate"] = async (input) => {
    const applied = await store.upkeep.migrate(input);
    if (applied.length > 0) await migrateToNext(path);
    return applied;
  };
  return { ...store, upkeep: { ...store.upkeep, migrate } };
}

/** Half a minute for all of them, so that the short lane takes every fourth. */
const isDue = (_: unknown, index: number): boolean => process.env["OUTHOOK_LONG"] === "1" || index % 4 === 1;

describe("this version on the schema of the next one passes the kit", () => {
  let folder = "";
  let migrated = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "outhook-sqlite-"));
    migrated = join(folder, "outhook.db");
    const store = sqliteStore({ path: migrated });
    await store.upkeep.migrate({ identity: { environment: "conformance", partitions: 8 }, adopt: false });
    await store.close();
    await migrateToNext(migrated);
  });
  afterAll(() => rm(folder, { recursive: true }));

  // Hundreds of columns take longer than a case, so most of them begin with a copy.
  const casesOn = (start: "copy" | "nothing") => {
    const create = async () => {
      const path = await databaseFile();
      if (start === "copy") await copyFile(migrated, path);
      return {
        store: openOn(path),
        peer: async () => openOn(path),
        begin: () => beginOn(path),
        destroy: async () => undefined,
      };
    };
    const skip = [
      {
        id: "transaction/a short wait for a key of the host ends soon with nothing written",
        reason: "a transaction that writes holds the whole file, never a single key",
      },
    ];
    return storeConformance({ create }, { skip });
  };
  const fresh = casesOn("nothing");
  const cases = casesOn("copy").map((one, index) => (one.group === "upkeep" ? (fresh[index] ?? one) : one));
  // oxlint-disable-next-line vitest/expect-expect -- the cases assert
  for (const { id, run } of cases.filter(isDue)) it(id, run);
});

it("this version leaves alone what the next one has written into its columns", async () => {
  const path = await databaseFile();
  const store = await openStore({ path });
  expect(await work(store, identity)).toBe(2);
  await migrateToNext(path);
  const db = new Database(path);
  onTestFinished(() => {
    db.close();
  });
  const kept = () =>
    rewrittenTables.map((table) => {
      const count = db.prepare(`select count(*) from ${table} where next_note = 'kept' and next_count = 1`);
      return { table, rows: count.pluck().get() };
    });
  for (const table of rewrittenTables) db.exec(`update ${table} set next_note = 'kept', next_count = 1`);
  const before = kept();
  for (const { rows } of before) expect(rows).toBeGreaterThan(0);
  expect(await work(store, identity)).toBe(2);
  expect(await work(store, identity)).toBe(2);
  expect(kept()).toEqual(before);
});
