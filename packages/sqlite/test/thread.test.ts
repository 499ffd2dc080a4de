import { isOuthookError, OuthookError } from "@outhook/core";
import Database from "better-sqlite3";
import { once } from "node:events";
import type { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { carry, uncarry } from "../src/carried-error.ts";
import { sqliteStore } from "../src/index.ts";
import { entryFileBeside } from "../src/entry-file.ts";
import { startChild } from "./fixtures/child.ts";
import { databaseFile, openStore } from "./fixtures/database-file.ts";
import { longestTurn } from "./fixtures/event-loop.ts";
import { everywhere, identity, message } from "./fixtures/rows.ts";

describe("the thread of a store", () => {
  it("that dies refuses what is under way, and the next call starts another", async () => {
    const path = await databaseFile();
    const started = once(process, "worker") as Promise<[Worker]>;
    const store = await openStore({ path });
    const host = new Database(path);
    host.exec("begin immediate");
    const waiting = [message(1), message(2)].map((one) => store.messages.insert({ messages: [one] }));
    const [thread] = await started;
    await thread.terminate();
    for (const call of waiting) {
      await expect(call).rejects.toMatchObject({ code: "store_unavailable", message: expect.stringContaining(path) });
    }
    host.exec("rollback");
    host.close();
    expect(await store.messages.insert({ messages: [message(3)] })).toEqual([{ outcome: "inserted" }]);
    expect(await store.messages.awaitingFanOut({ partitions: everywhere, limit: 10 })).toHaveLength(1);
  });

  it("that dies while nothing is under way is not missed, and close ends what is not there", async () => {
    // They take the threads of the stores before, so that the next one starts its own.
    const others = await Promise.all([1, 2].map(async () => await openStore({ path: await databaseFile() })));
    const started = once(process, "worker") as Promise<[Worker]>;
    const store = await openStore({ path: await databaseFile() });
    await (await started)[0].terminate();
    expect(await store.upkeep.identity()).toEqual(identity);
    await store.close();
    await store.close();
    await Promise.all(others.map((other) => other.close()));
    await expect(store.upkeep.identity()).rejects.toMatchObject({ code: "stopped" });
  });

  it("that dies leaves nobody untold who listens, as soon as another has begun", async () => {
    const others = await Promise.all([1, 2].map(async () => await openStore({ path: await databaseFile() })));
    const path = await databaseFile();
    const started = once(process, "worker") as Promise<[Worker]>;
    const store = await openStore({ path });
    let calls = 0;
    await store.messages.onInserted?.(() => (calls += 1));
    await expect.poll(() => calls).toBe(1);
    await (await started)[0].terminate();
    expect(await store.upkeep.identity()).toEqual(identity);
    await expect.poll(() => calls).toBe(2);
    const [other = store] = others;
    await other.close();
    const again = await openStore({ path });
    await again.messages.insert({ messages: [message(1)] });
    await expect.poll(() => calls).toBe(3);
  });

  it("is kept for the next store when its own has closed", async () => {
    let started = 0;
    const count = (): void => void (started += 1);
    process.on("worker", count);
    for (let n = 0; n < 3; n += 1) {
      const store = await openStore({ path: await databaseFile() });
      expect(await store.upkeep.identity()).toEqual(identity);
      await store.close();
    }
    process.off("worker", count);
    expect(started).toBeLessThanOrEqual(1);
  });

  it("keeps the process alive for a call, and not after it", async () => {
    const child = startChild("idle-process.ts", [await databaseFile()]);
    expect(await child.result()).toEqual(identity);
  });

  it("keeps the event loop free while it writes much", async () => {
    const store = await openStore({ path: await databaseFile() });
    const { cpuMs } = await longestTurn(async () => {
      const batches = Array.from({ length: 20 }, (_, n) =>
        Array.from({ length: 100 }, (_one, k) => message(n * 100 + k)),
      );
      await Promise.all(batches.map((messages) => store.messages.insert({ messages })));
    });
    // Most of it is the copy of 2 MiB that the thread is given.
    expect(cpuMs).toBeLessThan(50);
  });
});

describe("close", () => {
  it("lets what was asked before it end, and refuses what comes after", async () => {
    const path = await databaseFile();
    const store = await openStore({ path });
    const calls = Array.from({ length: 20 }, (_, n) => store.messages.insert({ messages: [message(n)] }));
    const closing = store.close();
    const late = store.messages.insert({ messages: [message(99)] });
    await expect(late).rejects.toMatchObject({ code: "stopped" });
    await closing;
    expect((await Promise.all(calls)).flat()).toHaveLength(20);
    const again = await openStore({ path });
    expect(await again.messages.awaitingFanOut({ partitions: everywhere, limit: 99 })).toHaveLength(20);
  });

  it("of a store that was never used starts nothing", async () => {
    await expect(sqliteStore({ path: "/no/such/folder/outhook.db" }).close()).resolves.toBeUndefined();
  });
});

describe("an error from the thread", () => {
  it("is the same OuthookError here", () => {
    const cause = Object.assign(new Error("database or disk is full"), { code: "SQLITE_FULL" });
    const errors = [{ param: "events[0]", detail: "unknown", code: "unknown_event_type" } as const];
    const thrown = new OuthookError("store_busy", "it is busy", { hint: "wait", errors, cause });
    const arrived = uncarry(structuredClone(carry(thrown)));
    expect(isOuthookError(arrived) && arrived).toMatchObject({
      message: "it is busy; wait",
      code: "store_busy",
      detail: "it is busy",
      hint: "wait",
      param: "events[0]",
      errors,
      stack: thrown.stack,
      cause: { message: cause.message, code: "SQLITE_FULL", stack: cause.stack },
    });
    expect(arrived).toBeInstanceOf(OuthookError);
  });

  it("that nobody expected has its name, words and stack", () => {
    const thrown = new TypeError("nobody expected this");
    const arrived = uncarry(structuredClone(carry(thrown)));
    expect(arrived).toMatchObject({ name: "TypeError", message: thrown.message, stack: thrown.stack });
    expect(uncarry(carry("a text")).message).toBe("a text");
  });

  it("names the file that SQLite refuses, and keeps what SQLite said as its cause", async () => {
    const store = sqliteStore({ path: await databaseFile() });
    const refused = store.upkeep.identity();
    await expect(refused).rejects.toBeInstanceOf(OuthookError);
    await expect(refused).rejects.toMatchObject({ code: "schema_pending", cause: { code: "SQLITE_ERROR" } });
    await store.close();
  });
});

describe("the file of the thread", () => {
  it.each([{ here: "file:///app/bundle.js" }, { here: undefined }])(
    "that a bundler left out is missed in words that say what to do, from $here",
    ({ here }) => {
      expect(() => entryFileBeside(here)).toThrow(
        expect.objectContaining({ code: "store_unavailable", message: expect.stringContaining("mark it external") }),
      );
    },
  );
});
