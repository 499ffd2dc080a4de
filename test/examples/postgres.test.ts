import type { Receiver } from "@outhook/testkit";
import { startReceiver } from "@outhook/testkit";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import pg from "pg";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { Example } from "./running.ts";
import { startExample } from "./running.ts";

const opened = { OUTHOOK_ALLOW: "127.0.0.0/8", OUTHOOK_KEY: Buffer.alloc(32, "k").toString("base64") };
const order = { type: "order.created", data: { id: "o_1", amount: 500 } };
const as = "acme:admin";

describe("examples/express-postgres, without DATABASE_URL", { timeout: 60_000 }, () => {
  let example: Example;
  let receiver: Receiver;
  let database: pg.Pool;
  let url: string;
  let secret: string;

  beforeAll(async () => {
    receiver = await startReceiver();
    // Only dispatchers of their own deliver.
    example = await startExample("express-postgres", { ...opened, DATABASE_URL: "", DISPATCH: "no" });
    url = /DATABASE_URL=(\S+) pnpm dispatcher/.exec(example.greeting)?.[1] ?? "";
    database = new pg.Pool({ connectionString: url, max: 1 });
    const { body } = await example.call("POST", "/webhooks/endpoints", { as, body: { url: receiver.url("/hook") } });
    secret = String(body["secret"]);
  }, 60_000);
  afterAll(async () => {
    await example.stop("SIGTERM");
    await receiver.close();
  });

  const rows = async (sql: string): Promise<readonly unknown[]> => (await database.query(sql)).rows;

  it("rolls its own row back with the message when the request fails", async () => {
    const failed = await example.call("POST", "/demo/send", { as, body: { ...order, fail: true } });
    expect(failed).toMatchObject({ status: 422, body: { detail: expect.stringContaining("both were rolled back") } });
    expect(await rows("select * from activity")).toEqual([]);
    expect(await rows("select * from outhook.outhook_messages")).toEqual([]);
  });

  it("commits its own row with the message, which a dispatcher of its own delivers, signed", async () => {
    const sent = await example.call("POST", "/demo/send", { as, body: order });
    expect(sent.status).toBe(202);
    expect(await rows("select message, tenant from activity")).toEqual([{ message: sent.body["id"], tenant: "acme" }]);

    const dispatcher = spawn(
      process.execPath,
      [join(import.meta.dirname, "../../examples/express-postgres/dispatcher.ts")],
      {
        env: { ...process.env, ...opened, DATABASE_URL: url },
        stdio: ["ignore", "pipe", "inherit"],
        timeout: 60_000,
      },
    );
    onTestFinished(() => void dispatcher.kill("SIGKILL"));
    const said = createInterface({ input: dispatcher.stdout })[Symbol.asyncIterator]();
    expect(await said.next()).toMatchObject({ value: "delivering" });
    expect(await said.next()).toMatchObject({ value: expect.stringMatching(/^order\.created to ep_/) });
    const [request] = await receiver.waitFor(1);
    expect(request).toMatchObject({ path: "/hook", headers: { "webhook-id": sent.body["id"] } });
    expect(new Webhook(secret).verify(request?.body ?? "", request?.headers ?? {})).toMatchObject(order);

    dispatcher.kill("SIGTERM");
    expect(await once(dispatcher, "exit")).toEqual([0, null]);
  });

  it("outlives the end of the connection on which its transaction is open", async () => {
    const locker = await database.connect();
    await locker.query("begin; lock table outhook.outhook_messages in exclusive mode");
    const call = example.call("POST", "/demo/send", { as, body: order });
    const cutOff = "select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = 'Lock'";
    await expect.poll(async () => (await locker.query(cutOff)).rowCount).toBe(1);
    expect(await call).toMatchObject({ status: 503, body: { code: "store_unavailable" } });
    await locker.query("rollback");
    locker.release();
    expect(await example.call("POST", "/demo/send", { as, body: order })).toMatchObject({ status: 202 });
  });

  it("stops cleanly, and its own Postgres with it", async () => {
    await database.end();
    expect(await example.stop("SIGTERM")).toMatchObject({ exitCode: 0 });
    const client = new pg.Client({ connectionString: url });
    await expect(client.connect()).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});
