import type { Store } from "@outhook/core";
import { createOuthook } from "@outhook/core";
import Database from "better-sqlite3";
import { describe, expect, it, onTestFinished } from "vitest";
import { startChild } from "./fixtures/child.ts";
import { databaseFile, openStore } from "./fixtures/database-file.ts";
import { identity, message } from "./fixtures/rows.ts";

/** How often the first listener of a store is told anything, from when it has been told that it may have missed something. */
async function listenTo({ messages }: Store): Promise<() => number> {
  let calls = 0;
  const end = await messages.onInserted?.(() => (calls += 1));
  onTestFinished(() => end?.());
  await expect.poll(() => calls).toBe(1);
  return () => calls - 1;
}

describe("a listener", () => {
  it("is told when a transaction of the host commits, and not before", async () => {
    const path = await databaseFile();
    const [store, other] = [await openStore({ path }), await openStore({ path })];
    const calls = await listenTo(store);
    const host = new Database(path);
    onTestFinished(() => void host.close());
    const { sql, parameters } = store.messages.statement(message(1));
    host.exec("begin immediate");
    host.prepare(sql).run(...parameters);
    // It looks several times in the time that another one needs to be told the first time.
    await listenTo(other);
    expect(calls()).toBe(0);
    host.exec("commit");
    await expect.poll(calls).toBe(1);
  });

  it("keeps no process alive", async () => {
    const child = startChild("listening-process.ts", [await databaseFile()]);
    expect(await child.result()).toBe(1);
  });
});

describe("a dispatcher", () => {
  it("delivers soon what another process sends, however long it sleeps", async () => {
    const path = await databaseFile();
    const store = await openStore({ path });
    let looks = 0;
    const awaitingFanOut: typeof store.messages.awaitingFanOut = (input) => {
      looks += 1;
      return store.messages.awaitingFanOut(input);
    };
    let received = (): void => undefined;
    const arrived = new Promise<void>((resolve) => {
      received = resolve;
    });
    const options = { secretKeys: "plaintext", environment: identity.environment } as const;
    const sender = createOuthook({ ...options, store: await openStore({ path }) });
    const receiver = createOuthook({
      ...options,
      store: { ...store, messages: { ...store.messages, awaitingFanOut } },
      dispatcher: { pollMs: 60_000 },
      transport: {
        send: async () => {
          received();
          return { kind: "response", statusCode: 200, retryAfter: null, body: "" };
        },
        close: async () => undefined,
      },
    });
    onTestFinished(() => receiver.dispatcher.stop());
    await sender.tenant("acme").endpoints.create({ url: "https://hooks.example.com/in" });
    await receiver.dispatcher.start();
    // Each sleep is twice as long as the one before; from here on 2.5 s and more.
    await expect.poll(() => looks, { timeout: 20_000 }).toBeGreaterThan(9);
    const sentAt = performance.now();
    await sender.tenant("acme").send("loan.active", {});
    await arrived;
    expect(performance.now() - sentAt).toBeLessThan(1_000);
  });
});
