import { createOuthook } from "@outhook/core";
import Database from "better-sqlite3";
import { expect, it, onTestFinished } from "vitest";
import { databaseFile, openStore } from "./fixtures/database-file.ts";

/** How often an update looks at its endpoint before it gives up, since another connection has the write lock. */
async function looksInVain(): Promise<number> {
  const path = await databaseFile();
  const store = await openStore({ path, lockWaitMs: 50 });
  const acme = createOuthook({ store, secretKeys: "plaintext" }).tenant("acme");
  const { endpoint } = await acme.endpoints.create({ url: "https://example.com/hooks" });
  const host = new Database(path);
  onTestFinished(() => {
    host.close();
  });
  host.exec("begin immediate");
  let looks = 0;
  const updating = store.endpoints.update({
    tenant: "acme",
    id: endpoint.id,
    change: (before) => {
      looks += 1;
      return { ...before, description: "changed" };
    },
  });
  await expect(updating).rejects.toMatchObject({ code: "store_busy" });
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
