import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PostgresStoreOptions } from "../src/index.ts";
import { postgresStore } from "../src/index.ts";
import type { TestServer } from "./fixtures/server.ts";
import { startServer } from "./fixtures/server.ts";
import { awaiting, claimAll, identity, leaseMs, matched, message, success } from "./fixtures/rows.ts";

// With a server of its own. A server that somebody else runs is not restarted.
describe.skipIf(process.env["OUTHOOK_TEST_POSTGRES_URL"] !== undefined)("a restart of the database", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.destroy());

  it.each<{ mode: "fast" | "immediate"; whose: string; open: (url: string) => PostgresStoreOptions }>([
    { mode: "fast", whose: "the host's pool", open: (url) => ({ pool: new pg.Pool({ connectionString: url }) }) },
    { mode: "immediate", whose: "the store's own pool", open: (url) => ({ connectionString: url }) },
  ])("($mode, on $whose) fails calls as store_unavailable, and they work again after it", async ({ mode, open }) => {
    const options = open(server.url);
    const store = postgresStore({ ...options, schema: `after ${mode}` });
    await store.upkeep.migrate({ identity, adopt: false });
    await store.messages.insert({ messages: [message(1), message(2)] });
    await store.deliveries.fanOut({ messages: [matched(message(1)), matched(message(2))], leaseMs });
    const [settled, lost] = await claimAll(store);
    if (settled === undefined || lost === undefined) throw new Error("both are due");
    await store.deliveries.settle({ settlements: [success(settled)] });

    // Several connections, some of them at work.
    const atWork = Array.from({ length: 4 }, async () => {
      for (;;) await store.upkeep.heartbeat({ dispatcherId: "a", ttlMs: 1_000 });
    }).map((endless) => expect(endless).rejects.toMatchObject({ code: "store_unavailable" }));
    await server.stop(mode);
    await Promise.all(atWork);
    for (let n = 0; n < 3; n += 1) {
      await expect(store.upkeep.identity()).rejects.toMatchObject({
        code: "store_unavailable",
        detail: "the database cannot be reached",
      });
    }

    await server.start();
    expect(await store.upkeep.identity()).toEqual(identity);
    // What was settled stays settled, what was leased stays leased, and its lease still settles.
    expect(await claimAll(store)).toEqual([]);
    expect(await awaiting(store)).toEqual([]);
    expect(await store.deliveries.settle({ settlements: [success(lost)] })).toMatchObject({ results: ["settled"] });
    await store.close();
    if (options.pool instanceof pg.Pool) await options.pool.end();
  });
});
