import { createOuthook } from "@outhook/core";
import { sqliteStore } from "@outhook/sqlite";
import { startReceiver } from "@outhook/testkit";
import { copyFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { withDatabase } from "../crash/processes.ts";

const network = { allow: ["127.0.0.1/32"], allowHttp: true };

describe("an endpoint created and a message sent at once", () => {
  it("are delivered, 1,000 times out of 1,000", { timeout: 60_000 }, async () => {
    const receiver = await startReceiver();
    await withDatabase(async (path) => {
      const outhook = createOuthook({ store: sqliteStore({ path }), secretKeys: "plaintext", network });
      await outhook.migrate();
      await outhook.dispatcher.start();
      const sent: string[] = [];
      for (let turn = 0; turn < 1_000; turn += 1) {
        // Forty tenants, so that the dispatcher often knows the tenant already, and often does not.
        const tenant = outhook.tenant(`tenant-${turn % 40}`);
        const { endpoint } = await tenant.endpoints.create({ url: receiver.url(), events: [`turn.t${turn}`] });
        const { id } = await tenant.send(`turn.t${turn}`, {});
        sent.push(`${endpoint.id} ${id}`);
      }
      const requests = await receiver.waitFor(1_000, { timeoutMs: 20_000 });
      expect(new Set(requests.map(({ headers }) => headers["webhook-id"])).size).toBe(1_000);
      expect(requests).toHaveLength(sent.length);
      await outhook.close();
    });
    await receiver.close();
  });
});

describe("a copy of the database file", () => {
  it("is not delivered from by another environment until it adopts it", async () => {
    const receiver = await startReceiver();
    await withDatabase(async (path) => {
      const open = (file: string, environment: string) =>
        createOuthook({ store: sqliteStore({ path: file }), secretKeys: "plaintext", network, environment });
      const production = open(path, "production");
      await production.migrate();
      await production.tenant("acme").endpoints.create({ url: receiver.url() });
      await production.tenant("acme").send("loan.active", {});
      await production.close();
      await copyFile(path, `${path}.copy`);

      const staging = open(`${path}.copy`, "staging");
      await staging.migrate();
      await expect(staging.dispatcher.runOnce()).rejects.toMatchObject({
        code: "environment_mismatch",
        message: expect.stringContaining("outhook.migrate({ adoptEnvironment: true })"),
      });
      expect(receiver.requests).toHaveLength(0);
      await staging.migrate({ adoptEnvironment: true });
      expect(await staging.dispatcher.runOnce()).toMatchObject({ succeeded: 1 });
      await staging.close();
    });
    await receiver.close();
  });
});

describe("a memory database", () => {
  it("serves sends and the dispatcher of one process", async () => {
    const receiver = await startReceiver();
    const outhook = createOuthook({ store: sqliteStore({ path: ":memory:" }), secretKeys: "plaintext", network });
    await outhook.migrate();
    await outhook.dispatcher.start();
    await outhook.tenant("acme").endpoints.create({ url: receiver.url() });
    await outhook.tenant("acme").send("loan.active", {});
    expect(await receiver.waitFor(1)).toHaveLength(1);
    await outhook.close();
    await receiver.close();
  });
});
