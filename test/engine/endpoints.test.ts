import { deliveryIdOf } from "@outhook/core";
import { verifyRequest } from "@outhook/testkit";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import type { Engine, Sent } from "./setup.ts";
import { runToTheEnd, startEngine, status } from "./setup.ts";

const url = "https://hooks.example.com/in";

function verifies(request: Sent | undefined, secret: string): boolean {
  if (request === undefined) throw new Error("nothing was sent");
  try {
    // The package reads the system's clock, so it is given the time of the attempt.
    const now = Number(request.headers["webhook-timestamp"]) * 1_000;
    if (verifyRequest({ keys: [secret], headers: request.headers, body: request.body, now }) !== "verified")
      return false;
    const signature = new Webhook(secret).sign(request.headers["webhook-id"] ?? "", new Date(now), request.body);
    return (request.headers["webhook-signature"] ?? "").split(" ").includes(signature);
  } catch {
    return false;
  }
}

async function sendAndRun(engine: Engine): Promise<Sent | undefined> {
  await engine.outhook.tenant("acme").send("loan.active", {});
  await runToTheEnd(engine);
  return engine.sent.at(-1);
}

describe("rotating a secret", () => {
  it("signs with both secrets during the overlap and with the new one alone after it", async () => {
    const engine = await startEngine();
    const { endpoints } = engine.outhook.tenant("acme");
    const { endpoint, secret: old } = await endpoints.create({ url });
    const { secret, previousSecretExpiresAt } = await endpoints.rotateSecret(endpoint.id, {
      expireCurrentInSeconds: 600,
    });

    const during = await sendAndRun(engine);
    expect([verifies(during, secret), verifies(during, old)]).toEqual([true, true]);
    expect(during?.headers["webhook-signature"]?.split(" ")).toHaveLength(2);
    expect(previousSecretExpiresAt?.getTime()).toBe(engine.clock.now() + 600_000);

    engine.clock.advance(600_000);
    const after = await sendAndRun(engine);
    expect([verifies(after, secret), verifies(after, old)]).toEqual([true, false]);
  });

  it("drops every older secret at once with an overlap of 0", async () => {
    const engine = await startEngine();
    const { endpoints } = engine.outhook.tenant("acme");
    const { endpoint, secret: first } = await endpoints.create({ url });
    const { secret: second } = await endpoints.rotateSecret(endpoint.id);
    // So that the dispatcher knows the secrets by now.
    expect(verifies(await sendAndRun(engine), first)).toBe(true);
    const { secret: third } = await endpoints.rotateSecret(endpoint.id, { expireCurrentInSeconds: 0 });

    const request = await sendAndRun(engine);
    expect([first, second, third].map((secret) => verifies(request, secret))).toEqual([false, false, true]);
  });

  it("signs newest first and refuses an eleventh secret in force", async () => {
    const engine = await startEngine();
    const { endpoints } = engine.outhook.tenant("acme");
    const { endpoint, secret } = await endpoints.create({ url });
    const secrets = [secret];
    for (let turn = 1; turn < 10; turn += 1) secrets.unshift((await endpoints.rotateSecret(endpoint.id)).secret);

    const request = await sendAndRun(engine);
    const first = request?.headers["webhook-signature"]?.split(" ")[0] ?? "";
    const headers = { ...request?.headers, "webhook-signature": first };
    const now = engine.clock.now();
    expect(verifyRequest({ keys: [secrets[0] ?? ""], headers, body: request?.body ?? "", now })).toBe("verified");
    await expect(endpoints.rotateSecret(endpoint.id)).rejects.toMatchObject({ code: "too_many_secrets" });
  });

  it("keeps v1a endpoints on ed25519 and shows the new public key", async () => {
    const engine = await startEngine();
    const { endpoints } = engine.outhook.tenant("acme");
    const { endpoint, secret } = await endpoints.create({ url, signingVersion: "v1a" });
    expect(secret).toMatch(/^whsk_/);
    await endpoints.rotateSecret(endpoint.id, { expireCurrentInSeconds: 0 });
    const { publicKey } = await endpoints.get(endpoint.id);
    expect(publicKey).not.toBe(endpoint.publicKey);

    const request = await sendAndRun(engine);
    const now = engine.clock.now();
    const check = { headers: request?.headers ?? {}, body: request?.body ?? "", now };
    expect(verifyRequest({ keys: [publicKey ?? ""], ...check })).toBe("verified");
    expect(verifyRequest({ keys: [endpoint.publicKey ?? ""], ...check })).toBe("bad_signature");
  });
});

describe("endpoints", () => {
  it("holds what is pending while disabled, and resumes it on re-enabling", async () => {
    const engine = await startEngine({ answer: (_, n) => status(n === 1 ? 500 : 200) });
    const acme = engine.outhook.tenant("acme");
    const { endpoint } = await acme.endpoints.create({ url });
    const { id } = await acme.send("loan.active", {});
    await engine.outhook.dispatcher.runOnce();
    const paused = await acme.endpoints.update(endpoint.id, { status: "disabled" });
    expect(paused).toMatchObject({ status: "disabled", disabledReason: "manual" });

    for (let hour = 0; hour < 5; hour += 1) {
      engine.clock.advance(3_600_000);
      await engine.outhook.dispatcher.runOnce();
    }
    expect(engine.sent).toHaveLength(1);

    await acme.endpoints.update(endpoint.id, { status: "active" });
    await engine.outhook.dispatcher.runOnce();
    expect(engine.sent).toHaveLength(2);
    expect((await acme.messages.get(id)).deliveries[0]).toMatchObject({ status: "succeeded", attempts: 2 });
  });

  it("does not attempt what was fanned out before another process disabled the endpoint", async () => {
    const engine = await startEngine({ answer: () => status(500) });
    const other = await startEngine({ shared: engine });
    const acme = engine.outhook.tenant("acme");
    const { endpoint } = await acme.endpoints.create({ url });
    await acme.send("loan.active", {});
    await engine.outhook.dispatcher.runOnce();
    // Straight into the store, as a process that dies before it holds the queue would leave it.
    await other.store.endpoints.update({
      tenant: "acme",
      id: endpoint.id,
      change: (current) => ({ ...current, status: "disabled", disabledReason: "manual" }),
    });
    engine.clock.advance(60_000);
    await engine.outhook.dispatcher.runOnce();
    expect(engine.sent).toHaveLength(1);
  });

  it("cancels what is pending when the endpoint is deleted", async () => {
    const engine = await startEngine({ answer: () => status(500) });
    const acme = engine.outhook.tenant("acme");
    const { endpoint } = await acme.endpoints.create({ url });
    const { id } = await acme.send("loan.active", {});
    await engine.outhook.dispatcher.runOnce();
    await acme.endpoints.delete(endpoint.id);
    await runToTheEnd(engine);

    expect(engine.sent).toHaveLength(1);
    expect((await acme.messages.get(id)).deliveries[0]).toMatchObject({ status: "cancelled" });
    await expect(acme.endpoints.get(endpoint.id)).rejects.toMatchObject({ code: "not_found" });
  });

  it("cancels any number of pending deliveries, and none of another endpoint", async () => {
    const engine = await startEngine({ answer: () => status(500) });
    const acme = engine.outhook.tenant("acme");
    const { endpoint } = await acme.endpoints.create({ url });
    const { endpoint: other } = await acme.endpoints.create({ url, events: ["loan.active"] });
    await Promise.all(Array.from({ length: 600 }, (_, n) => acme.send(n === 0 ? "loan.active" : "loan.created", {})));
    await engine.outhook.dispatcher.runOnce();
    await acme.endpoints.delete(endpoint.id);
    const pending = async (endpointId: string) =>
      (await acme.deliveries.list({ endpointId, status: "pending" })).data.length;
    expect([await pending(endpoint.id), await pending(other.id)]).toEqual([0, 1]);
  });

  it("reach messages that are sent right after another process created them", async () => {
    const dispatching = await startEngine();
    const other = await startEngine({ shared: dispatching });
    await dispatching.outhook.tenant("acme").endpoints.create({ url });
    await sendAndRun(dispatching);
    await other.outhook.tenant("acme").endpoints.create({ url: `${url}/new` });
    await other.outhook.tenant("acme").send("loan.active", {});
    await dispatching.outhook.dispatcher.runOnce();
    expect(dispatching.sent.map((request) => request.url)).toEqual([url, url, `${url}/new`]);
  });

  it("are not taken for deleted or disabled by a dispatcher that has not heard of them yet", async () => {
    const first = await startEngine();
    const second = await startEngine({ shared: first, options: { dispatcher: { perEndpoint: 1 } } });
    const acme = first.outhook.tenant("acme");
    const { endpoint: old } = await acme.endpoints.create({ url });
    await acme.endpoints.update(old.id, { status: "disabled" });
    // Now the second dispatcher knows the tenant: one endpoint, disabled.
    await acme.send("loan.active", {});
    await second.outhook.dispatcher.runOnce();

    await acme.endpoints.update(old.id, { status: "active" });
    await acme.endpoints.create({ url: `${url}/new` });
    const { id } = await acme.send("loan.active", {});
    const messages = await first.store.messages.awaitingFanOut({ partitions: [...Array(64).keys()], limit: 1 });
    const { endpoints = [] } = (await first.store.endpoints.ofTenants({ tenants: ["acme"] })).get("acme") ?? {};
    await first.store.deliveries.fanOut({
      leaseMs: 1,
      now: first.clock.now(),
      messages: messages.map(({ partition, id: messageId, tenant, type }) => ({
        partition,
        messageId,
        tenant,
        type,
        deliveries: endpoints.map(({ endpoint }) => ({
          id: deliveryIdOf(messageId, endpoint.id),
          endpointId: endpoint.id,
          status: "pending" as const,
          lease: false,
        })),
      })),
    });
    await second.outhook.dispatcher.runOnce();
    expect((await acme.messages.get(id)).deliveries.map((delivery) => delivery.status)).toEqual([
      "succeeded",
      "succeeded",
    ]);
  });

  it("are sent to within the longest timeout that the operator has lowered since", async () => {
    const engine = await startEngine();
    await engine.outhook.tenant("acme").endpoints.create({ url, timeoutSeconds: 60 });
    const options = { dispatcher: { maxTimeoutSeconds: 5, leaseMs: 15_000 } };
    const lowered = await startEngine({ shared: engine, options });
    await sendAndRun(lowered);
    expect(lowered.sent).toHaveLength(1);
  });

  it("stay active when their URL is corrected while a 410 of the old one is being noted", async () => {
    const { store, clock } = await startEngine();
    const correct = (id: string) =>
      store.endpoints.update({ tenant: "acme", id, change: (current) => ({ ...current, url: `${url}/corrected` }) });
    const endpoints: typeof store.endpoints = {
      ...store.endpoints,
      update: async (input) => {
        await correct(input.id);
        return await store.endpoints.update(input);
      },
    };
    const engine = await startEngine({ answer: () => status(410), shared: { store: { ...store, endpoints }, clock } });
    const acme = engine.outhook.tenant("acme");
    const { endpoint } = await acme.endpoints.create({ url });
    const reports: unknown[] = [];
    engine.outhook.on("endpoint.disabled", (report) => reports.push(report));
    await sendAndRun(engine);
    expect(await acme.endpoints.get(endpoint.id)).toMatchObject({ status: "active", url: `${url}/corrected` });
    expect(reports).toEqual([]);
  });

  it("keep a Retry-After when they are set active again that are active already", async () => {
    const engine = await startEngine({ answer: (_, n) => status(n === 1 ? 429 : 200, n === 1 ? "600" : null) });
    const acme = engine.outhook.tenant("acme");
    const { endpoint } = await acme.endpoints.create({ url });
    await acme.send("loan.active", {});
    await engine.outhook.dispatcher.runOnce();
    await acme.endpoints.update(endpoint.id, { status: "active" });
    await acme.send("loan.active", {});
    const { nextDueAt } = await engine.outhook.dispatcher.runOnce();
    expect(engine.sent).toHaveLength(1);
    expect(nextDueAt?.getTime()).toBe(engine.clock.now() + 600_000);
  });

  it("lists endpoints by pages, newest first, each once", async () => {
    const engine = await startEngine();
    const { endpoints } = engine.outhook.tenant("acme");
    const created: string[] = [];
    for (let n = 0; n < 7; n += 1) created.unshift((await endpoints.create({ url: `${url}/${n}` })).endpoint.id);
    const first = await endpoints.list({ limit: 4 });
    const second = await endpoints.list({ limit: 4, startingAfter: first.data.at(-1)?.id });
    expect([...first.data, ...second.data].map(({ id }) => id)).toEqual(created);
    expect([first.hasMore, second.hasMore]).toEqual([true, false]);
  });
});
