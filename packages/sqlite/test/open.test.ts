import Database from "better-sqlite3";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadDriver } from "../src/driver.ts";
import { sqliteStore } from "../src/index.ts";
import { openDatabase } from "../src/open.ts";
import { databaseFile, openStore } from "./fixtures/database-file.ts";
import { everywhere, identity, message } from "./fixtures/rows.ts";

const driver = await loadDriver(process.versions.node);

describe("opening a file", () => {
  it("writes through to the disk at every commit, also on a file that is in WAL mode already", async () => {
    const path = await databaseFile();
    const first = openDatabase(driver, path);
    first.exec("create table t (a)");
    first.close();

    const careless = new Database(path);
    const again = openDatabase(driver, path);
    // What better-sqlite3 opens such a file with, which is what this is about: 1 is NORMAL.
    expect(careless.pragma("synchronous", { simple: true })).toBe(1);
    expect(again.pragma("synchronous", { simple: true })).toBe(2);
    expect(again.pragma("journal_mode", { simple: true })).toBe("wal");
    expect(again.pragma("busy_timeout", { simple: true })).toBe(0);
    expect(again.pragma("foreign_keys", { simple: true })).toBe(0);
    again.close();
    careless.close();
  });

  it("refuses a connection on which FULL does not stick", async () => {
    const path = await databaseFile();
    const stubborn = (file: string): Database.Database => {
      const db = driver(file);
      const pragma = db.pragma.bind(db);
      db.pragma = (source, options) => pragma(source.replace("synchronous = FULL", "synchronous = NORMAL"), options);
      return db;
    };
    expect(() => openDatabase(stubborn, path)).toThrow(/synchronous = 1/);
  });

  it("happens at the first call, not before", async () => {
    const path = join(await databaseFile(), "no", "such", "folder.db");
    const store = sqliteStore({ path });
    await expect(store.upkeep.migrate({ identity, adopt: false })).rejects.toMatchObject({
      code: "store_unavailable",
      message: expect.stringContaining("its folder does not exist"),
    });
    await mkdir(dirname(path), { recursive: true });
    await expect(store.upkeep.migrate({ identity, adopt: false })).resolves.toEqual(["0001_tables"]);
    await store.close();
  });

  it("keeps a store in memory for itself", async () => {
    const store = await openStore({ path: ":memory:" });
    await store.messages.insert({ messages: [message(1)] });
    expect(await store.messages.awaitingFanOut({ partitions: everywhere, limit: 10 })).toHaveLength(1);
    const other = await openStore({ path: ":memory:" });
    expect(await other.messages.awaitingFanOut({ partitions: everywhere, limit: 10 })).toHaveLength(0);
  });

  it("says that a file is not a database", async () => {
    const path = await databaseFile();
    await writeFile(path, "Dear diary, ".repeat(1_000));
    await expect(sqliteStore({ path }).upkeep.identity()).rejects.toMatchObject({
      code: "store_unavailable",
      message: expect.stringContaining("is not a SQLite database"),
    });
  });

  it("says that a path cannot be opened", async () => {
    const path = dirname(await databaseFile());
    await expect(sqliteStore({ path }).upkeep.identity()).rejects.toMatchObject({
      code: "store_unavailable",
      message: expect.stringContaining("cannot be opened"),
    });
  });
});

describe("a store that is closed", () => {
  it("throws stopped from calls that begin and from calls that wait", async () => {
    const path = await databaseFile();
    const store = await openStore({ path });
    const host = new Database(path);
    host.exec("begin immediate");
    const waiting = store.messages.insert({ messages: [message(1)] });
    const closing = store.close();
    await expect(waiting).rejects.toMatchObject({ code: "stopped" });
    await closing;
    await expect(store.upkeep.identity()).rejects.toMatchObject({ code: "stopped" });
    await expect(store.messages.insert({ messages: [] })).rejects.toMatchObject({ code: "stopped" });
    host.exec("rollback");
    host.close();
  });
});

describe("options", () => {
  it.each([
    { options: { path: "" }, param: "path", received: '""' },
    { options: { path: "file:outhook.db?mode=memory" }, param: "path", received: '"file:outhook.db?mode=memory"' },
    {
      options: { path: new URL("file:///tmp/x") as unknown as string },
      param: "path",
      received: "a value of type object",
    },
    { options: { path: "x.db", lockWaitMs: -1 }, param: "lockWaitMs", received: "-1" },
    { options: { path: "x.db", lockWaitMs: Number.NaN }, param: "lockWaitMs", received: "NaN" },
  ])("of $received are refused at construction", ({ options, param, received }) => {
    expect(() => sqliteStore(options)).toThrow(
      expect.objectContaining({ code: "invalid_options", param, message: expect.stringContaining(received) }),
    );
  });
});

describe("the Node version", () => {
  it.each(["18.20.8", "20.20.2", "21.7.3"])(
    "%s is refused before better-sqlite3 is loaded and crashes it",
    async (version) => {
      const refusal = { code: "store_unavailable", message: expect.stringContaining(version) };
      await expect(loadDriver(version)).rejects.toMatchObject(refusal);
    },
  );

  it.each(["22.19.0", "24.21.0", "26.0.0"])("%s is accepted", async (version) => {
    await expect(loadDriver(version)).resolves.toBeTypeOf("function");
  });
});
