import { createQueryBuilder, migrationSteps } from "@outhook/sql";
import Database from "better-sqlite3";
import { expect, it, onTestFinished } from "vitest";
import { createConnection } from "../src/connection.ts";
import { databaseFile, openStore } from "./fixtures/database-file.ts";

/** How often a write looks at the database before it gives up, since another connection has the write lock. */
async function looksInVain(): Promise<number> {
  const path = await databaseFile();
  await openStore({ path });
  const migrations = migrationSteps(createQueryBuilder("sqlite"));
  const monotonic = () => performance.now();
  const connection = createConnection({ path, lockWaitMs: 50, migrations, monotonic, random: Math.random });
  const host = new Database(path);
  onTestFinished(async () => {
    host.close();
    await connection.close();
  });
  host.exec("begin immediate");
  let looks = 0;
  const writing = connection.write((session) => {
    looks += 1;
    session.run({ sql: "update outhook_meta set value = value" });
  });
  await expect(writing).rejects.toMatchObject({ code: "store_busy" });
  return looks;
}

it("a write looks at nothing before it has the write lock", async () => {
  expect(await looksInVain()).toBe(0);
});

it("a store with a plain BEGIN would look first, and change what it has seen long before", async () => {
  const prepare: unknown = Reflect.get(Database.prototype, "prepare");
  if (typeof prepare !== "function") throw new TypeError("the driver has no prepare");
  onTestFinished(() => {
    Object.assign(Database.prototype, { prepare });
  });
  Object.assign(Database.prototype, {
    prepare(this: Database.Database, sql: string) {
      return Reflect.apply(prepare, this, [sql === "begin immediate" ? "begin" : sql]);
    },
  });
  expect(await looksInVain()).toBeGreaterThan(0);
});
