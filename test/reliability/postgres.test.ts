import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { runOn } from "../../packages/postgres/test/fixtures/database.ts";
import type { TestServer } from "../../packages/postgres/test/fixtures/server.ts";
import { startServer } from "../../packages/postgres/test/fixtures/server.ts";
import { startProxy } from "../postgres/proxy.ts";
import { expectEndsInTime } from "./freezing.ts";
import { jumpAround } from "./jumping.ts";
import { expectRidesOut } from "./riding-out.ts";

// With a server of its own. What somebody else runs is neither restarted nor set to read only.
describe.skipIf(process.env["OUTHOOK_TEST_POSTGRES_URL"] !== undefined)("on Postgres", { timeout: 60_000 }, () => {
  let server: TestServer;
  let databases = 0;
  beforeAll(async () => {
    server = await startServer();
  }, 60_000);
  afterAll(() => server.destroy());

  const newDatabase = async (): Promise<string> => {
    databases += 1;
    const name = `reliability_${databases}`;
    await runOn(server.url, `create database ${name}`);
    const url = new URL(server.url);
    url.pathname = `/${name}`;
    return url.href;
  };

  /** For every session of the server, also those that are open. Resolves when a new one has it. */
  const set = async (setting: string, value: string, does: "set" | "reset" = "set"): Promise<void> => {
    // Whatever it is that is set, it is not for this.
    const admin = `${server.url}?options=${encodeURIComponent("-c statement_timeout=0 -c default_transaction_read_only=off")}`;
    await runOn(admin, `alter system ${does} ${setting}${does === "set" ? ` = '${value}'` : ""}`);
    await runOn(admin, "select pg_reload_conf()");
    const shown = `select current_setting('${setting}') as value`;
    await expect.poll(async () => await runOn(server.url, shown).catch(() => [])).toEqual([{ value }]);
  };

  it("close resolves by its grace time with no byte coming", { retry: 1 }, async () => {
    const proxy = await startProxy({ target: await newDatabase() });
    onTestFinished(() => proxy.close());
    await expectEndsInTime({ database: proxy.url, call: "close", freeze: proxy.pause });
  });

  it("a clock of the app that jumps hastens nothing and repeats nothing", async () => {
    expect(await jumpAround(await newDatabase())).toEqual({
      held: { requests: 1, stored: "succeeded 200" },
      failing: { requests: 1, stored: "pending 500" },
    });
  });

  it("a fast restart costs nothing but refused sends", async () => {
    await expectRidesOut(await newDatabase(), {
      strike: () => server.stop("fast"),
      relieve: () => server.start(),
      refusals: ["store_unavailable"],
    });
  });

  it("a time in which it takes no writes costs nothing but refused sends", async () => {
    await expectRidesOut(await newDatabase(), {
      strike: () => set("default_transaction_read_only", "on"),
      relieve: () => set("default_transaction_read_only", "off", "reset"),
      refusals: ["store_unavailable"],
    });
  });

  it("a statement_timeout of 1 ms, which the store's own overrides, costs next to nothing", async () => {
    await expectRidesOut(await newDatabase(), {
      strike: () => set("statement_timeout", "1ms"),
      relieve: () => set("statement_timeout", "0", "reset"),
      refusals: ["store_busy"],
      mustRefuse: false,
    });
  });

  it("a role that may not connect any more costs nothing but refused sends", async () => {
    const admin = await newDatabase();
    const role = `app_${databases}`;
    await runOn(admin, `create role ${role} login; grant create on database reliability_${databases} to ${role}`);
    const connections = `select pg_terminate_backend(pid) from pg_stat_activity where usename = '${role}'`;
    await expectRidesOut(Object.assign(new URL(admin), { username: role }).href, {
      strike: async () => void (await runOn(admin, `alter role ${role} connection limit 0; ${connections}`)),
      relieve: async () => void (await runOn(admin, `alter role ${role} connection limit -1`)),
      refusals: ["store_unavailable"],
    });
  });

  it("tables that an administrator has locked cost nothing but refused sends", async () => {
    const url = await newDatabase();
    const admin = new pg.Client({ connectionString: url });
    await admin.connect();
    onTestFinished(() => admin.end());
    await expectRidesOut(url, {
      strike: async () => {
        await admin.query(
          "begin; lock table outhook.outhook_messages, outhook.outhook_deliveries, outhook.outhook_queue",
        );
      },
      relieve: async () => {
        await admin.query("commit");
      },
      refusals: ["store_busy"],
    });
  });
});
