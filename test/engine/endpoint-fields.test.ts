import { describe, expect, it } from "vitest";
import type { Engine, Sent } from "./setup.ts";
import { ok, runToTheEnd, startAt, startEngine, status } from "./setup.ts";

const url = "https://hooks.example.com/in";

async function sendAndRun(engine: Engine): Promise<Sent | undefined> {
  await engine.outhook.tenant("acme").send("loan.active", {});
  await runToTheEnd(engine);
  return engine.sent.at(-1);
}

describe("custom headers", () => {
  it("arrive with every request until they are removed, and only their names are shown", async () => {
    const engine = await startEngine();
    const { endpoints } = engine.outhook.tenant("acme");
    const { endpoint } = await endpoints.create({ url, headers: { "X-B": " two ", Authorization: "Bearer k" } });
    expect(endpoint.headerNames).toEqual(["authorization", "x-b"]);
    expect((await sendAndRun(engine))?.headers).toMatchObject({ "x-b": "two", authorization: "Bearer k" });

    const updated = await endpoints.update(endpoint.id, { headers: { "x-b": null, "X-C": "three" } });
    expect(updated.headerNames).toEqual(["authorization", "x-c"]);
    const { headers } = (await sendAndRun(engine)) ?? {};
    expect(headers).toMatchObject({ authorization: "Bearer k", "x-c": "three" });
    expect(headers).not.toHaveProperty("x-b");

    expect((await endpoints.update(endpoint.id, { headers: null })).headerNames).toEqual([]);
    expect(Object.keys((await sendAndRun(engine))?.headers ?? {}).toSorted()).toEqual([
      "content-type",
      "user-agent",
      "webhook-id",
      "webhook-signature",
      "webhook-timestamp",
    ]);
    for (const shown of [endpoint, updated, await endpoints.get(endpoint.id), (await endpoints.list()).data[0]]) {
      expect(shown).not.toHaveProperty("sealedHeaders");
    }
  });

  it("are gone from the next request, also in the second in which they are removed", async () => {
    const engine = await startEngine();
    const { endpoints, deliveries } = engine.outhook.tenant("acme");
    const { endpoint } = await endpoints.create({ url, headers: { "x-a": "1" } });
    expect((await sendAndRun(engine))?.headers).toHaveProperty("x-a");
    await endpoints.update(endpoint.id, { headers: { "x-a": null } });
    const { data } = await deliveries.list({ endpointId: endpoint.id });
    await deliveries.redeliver(data[0]?.id ?? "");
    await engine.outhook.dispatcher.runOnce();
    expect(engine.sent).toHaveLength(2);
    expect(engine.sent[1]?.headers).not.toHaveProperty("x-a");
  });

  it("never replace ours, even where they got past the checks", async () => {
    const engine = await startEngine();
    const { endpoint } = await engine.outhook.tenant("acme").endpoints.create({ url });
    const forged = JSON.stringify({ "webhook-signature": "v1,forged", "user-agent": "Forged", "x-a": "1" });
    await engine.store.endpoints.update({
      tenant: "acme",
      id: endpoint.id,
      change: (current) => ({ ...current, sealedHeaders: `plain.${forged}` }),
    });
    const { headers } = (await sendAndRun(engine)) ?? {};
    expect(headers).toMatchObject({ "x-a": "1", "user-agent": "Outhook" });
    expect(headers?.["webhook-signature"]).toMatch(/^v1,(?!forged)/);
  });

  it("that cannot be opened cost no attempt, and can be cleared", async () => {
    const engine = await startEngine();
    const { endpoints, send, messages } = engine.outhook.tenant("acme");
    const { endpoint } = await endpoints.create({ url, headers: { "x-a": "1" } });
    await engine.store.endpoints.update({
      tenant: "acme",
      id: endpoint.id,
      change: (current) => ({ ...current, sealedHeaders: "v0.lost.AAAA" }),
    });
    const { id } = await send("loan.active", {});
    await engine.outhook.dispatcher.runOnce();
    expect((await messages.get(id)).deliveries[0]).toMatchObject({ status: "pending", attempts: 0 });
    await expect(endpoints.update(endpoint.id, { headers: { "x-b": "2" } })).rejects.toMatchObject({
      code: "internal",
      message: expect.stringContaining("headers: null"),
    });
    await endpoints.update(endpoint.id, { headers: null });
    engine.clock.advance(1_000);
    await engine.outhook.dispatcher.runOnce();
    expect(engine.sent).toHaveLength(1);
  });
});

describe("an update", () => {
  it("merges metadata by key and replaces everything else, and keeps what it does not name", async () => {
    const engine = await startEngine();
    const { endpoints } = engine.outhook.tenant("acme");
    const metadata = { a: "1", b: "2" };
    const { endpoint } = await endpoints.create({
      url,
      events: ["loan.*"],
      description: "Production",
      timeoutSeconds: 20,
      maxRetries: 2,
      metadata,
      headers: { "x-a": "1" },
    });
    engine.clock.advance(5);
    const unchanged = { ...endpoint, updatedAt: startAt + 5 };
    expect(await endpoints.update(endpoint.id, {})).toEqual(unchanged);
    expect(await endpoints.update(endpoint.id, { metadata: { b: null, c: "3" } })).toEqual({
      ...unchanged,
      metadata: { a: "1", c: "3" },
    });
    expect(
      await endpoints.update(endpoint.id, { metadata: null, description: null, maxRetries: null, events: [] }),
    ).toEqual({
      ...unchanged,
      metadata: {},
      description: null,
      maxRetries: null,
      events: ["*"],
    });
  });

  it("that would leave too much changes nothing, and says how much it would be", async () => {
    const engine = await startEngine();
    const { endpoints } = engine.outhook.tenant("acme");
    const many = (count: number, from = 0) =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [`x-${n + from}`, "1"]));
    const { endpoint } = await endpoints.create({ url, headers: many(20), metadata: many(50) });
    await expect(endpoints.update(endpoint.id, { headers: many(1, 20) })).rejects.toMatchObject({
      code: "invalid_headers",
      detail: "headers would be 21; an endpoint has at most 20",
    });
    await expect(endpoints.update(endpoint.id, { metadata: many(2, 50) })).rejects.toMatchObject({
      code: "invalid_metadata",
      detail: "metadata would have 52 keys; at most 50 are allowed",
    });
    expect(await endpoints.get(endpoint.id)).toEqual(endpoint);
    await endpoints.update(endpoint.id, { headers: { "x-0": null, ...many(1, 20) } });
  });

  it("loses nothing of another one at the same time", async () => {
    const engine = await startEngine();
    const { endpoints } = engine.outhook.tenant("acme");
    const { endpoint } = await endpoints.create({ url });
    await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        endpoints.update(endpoint.id, { headers: { [`x-${n}`]: `${n}` }, metadata: { [`k${n}`]: `${n}` } }),
      ),
    );
    const { headerNames, metadata } = await endpoints.get(endpoint.id);
    expect([headerNames.length, Object.keys(metadata).length]).toEqual([10, 10]);
    expect((await sendAndRun(engine))?.headers).toMatchObject({ "x-0": "0", "x-9": "9" });
  });

  it("with several faults names them all, and writes none of the good ones", async () => {
    const engine = await startEngine();
    const { endpoints } = engine.outhook.tenant("acme");
    const { endpoint } = await endpoints.create({ url });
    await expect(
      endpoints.update(endpoint.id, { description: "good", timeoutSeconds: 2, headers: { host: "x" } }),
    ).rejects.toMatchObject({
      code: "invalid_timeout",
      errors: [{ param: "timeoutSeconds" }, { param: 'headers["host"]' }],
    });
    expect(await endpoints.get(endpoint.id)).toEqual(endpoint);
  });
});

describe("an endpoint", () => {
  it("that is created disabled gets no request until it is enabled, and its messages are skipped", async () => {
    const engine = await startEngine();
    const { endpoints, messages, send } = engine.outhook.tenant("acme");
    const { endpoint } = await endpoints.create({ url, status: "disabled" });
    expect(endpoint).toMatchObject({ status: "disabled", disabledReason: "manual" });
    const { id } = await send("loan.active", {});
    await engine.outhook.dispatcher.runOnce();
    expect((await messages.get(id)).deliveries[0]).toMatchObject({ status: "skipped" });
    expect(await endpoints.update(endpoint.id, { status: "active" })).toMatchObject({
      status: "active",
      disabledReason: null,
    });
    await sendAndRun(engine);
    expect(engine.sent).toHaveLength(1);
  });

  it("shows no more retries than the schedule has, and keeps what was asked for", async () => {
    const engine = await startEngine({ options: { retry: { scheduleSeconds: [1, 2] } } });
    const { endpoint } = await engine.outhook.tenant("acme").endpoints.create({ url, maxRetries: 4 });
    expect(endpoint.maxRetries).toBe(2);
    const longer = await startEngine({ shared: engine, options: { retry: { scheduleSeconds: [1, 2, 3, 4, 5] } } });
    expect((await longer.outhook.tenant("acme").endpoints.get(endpoint.id)).maxRetries).toBe(4);
  });
});

describe("the health of endpoints", () => {
  it("comes for each id in order, as new where nothing is known", async () => {
    const engine = await startEngine({ answer: ({ url: to }) => (to.endsWith("/bad") ? status(500) : ok) });
    const { endpoints } = engine.outhook.tenant("acme");
    const [good, bad, idle] = await Promise.all([
      endpoints.create({ url }),
      endpoints.create({ url: `${url}/bad` }),
      endpoints.create({ url, status: "disabled" }),
    ]);
    await engine.outhook.tenant("acme").send("loan.active", {});
    await engine.outhook.dispatcher.runOnce();
    const ids = [bad.endpoint.id, idle.endpoint.id, good.endpoint.id, bad.endpoint.id, "nonsense"];
    const health = await engine.outhook.tenant("acme").endpoints.health(ids);
    expect(health).toMatchObject([
      { endpointId: ids[0], consecutiveFailures: 1, failingSince: startAt, lastError: "HTTP 500" },
      { endpointId: ids[1], consecutiveFailures: 0, lastDeliveryAt: null },
      { endpointId: ids[2], consecutiveFailures: 0, lastSuccessAt: startAt },
      { endpointId: ids[3], consecutiveFailures: 1 },
      { endpointId: "nonsense", consecutiveFailures: 0, lastDeliveryAt: null },
    ]);
    expect(await endpoints.health([])).toEqual([]);
  });

  it("says nothing of another tenant's", async () => {
    const engine = await startEngine({ answer: () => status(500) });
    const { endpoint } = await engine.outhook.tenant("acme").endpoints.create({ url });
    await sendAndRun(engine);
    const [foreign] = await engine.outhook.tenant("globex").endpoints.health([endpoint.id]);
    expect(foreign).toMatchObject({ consecutiveFailures: 0, lastDeliveryAt: null, lastError: null });
    const [own] = await engine.outhook.tenant("acme").endpoints.health([endpoint.id]);
    expect(own).toMatchObject({ consecutiveFailures: 6, lastError: "HTTP 500" });
  });

  it("asks the store once for a page that was just shown", async () => {
    const engine = await startEngine();
    const { endpoints } = engine.outhook.tenant("acme");
    for (let n = 0; n < 3; n += 1) await endpoints.create({ url: `${url}/${n}` });
    const asked: string[] = [];
    const { store } = engine;
    const counting = await startEngine({
      shared: {
        clock: engine.clock,
        store: {
          ...store,
          endpoints: { ...store.endpoints, get: (input) => (asked.push("get"), store.endpoints.get(input)) },
          log: { ...store.log, health: (input) => (asked.push("health"), store.log.health(input)) },
        },
      },
    });
    const acme = counting.outhook.tenant("acme").endpoints;
    await acme.health((await acme.list()).data.map(({ id }) => id));
    expect(asked).toEqual(["health"]);
  });
});

describe("messages of errors", () => {
  it.each([
    {
      what: "an unknown endpoint",
      call: ({ outhook }: Engine) => outhook.tenant("acme").endpoints.get("ep_none"),
      detail: 'there is no endpoint "ep_none"',
      hint: 'looked in tenant "acme"',
    },
    {
      what: "an unknown delivery",
      call: ({ outhook }: Engine) => outhook.tenant("acme").deliveries.get("dlv_none"),
      detail: 'there is no delivery "dlv_none"',
      hint: 'looked in tenant "acme"',
    },
    {
      what: "one endpoint too many",
      call: async ({ outhook }: Engine) => {
        await outhook.tenant("acme").endpoints.create({ url });
        await outhook.tenant("acme").endpoints.create({ url });
      },
      detail: "there are 1 endpoints already, the most allowed; delete one first",
      hint: 'the tenant is "acme"; limits.endpointsPerTenant raises the limit',
    },
    {
      what: "a plain URL",
      call: ({ outhook }: Engine) => outhook.tenant("acme").endpoints.create({ url: "http://hooks.example.com/" }),
      detail: 'url "http://hooks.example.com/" is not HTTPS; use https://',
      hint: "the operator can open plain HTTP with network: { allowHttp: true }",
    },
    {
      what: "a large body",
      call: ({ outhook }: Engine) => outhook.tenant("acme").send("loan.active", "x".repeat(100)),
      detail: "the body would be 171 bytes, more than the 100 allowed; send an id or a link instead of the whole",
      hint: "limits.bodyBytes raises the limit",
    },
  ])("tell the caller and the operator of $what each what they can do", async ({ call, detail, hint }) => {
    const engine = await startEngine({ options: { limits: { endpointsPerTenant: 1, bodyBytes: 100 } } });
    const error: unknown = await call(engine).then(
      () => "it was accepted",
      (refusal: unknown) => refusal,
    );
    expect(error).toMatchObject({ detail, hint, message: `${detail}; ${hint}` });
  });
});

describe("an instance", () => {
  it("shows its catalogue, its envelope and its logger", async () => {
    const lines: string[] = [];
    const logger = { warn: (_: unknown, line: string) => lines.push(line), error: () => undefined };
    const { outhook } = await startEngine({ options: { logger, wire: { envelope: ({ data }) => data } } });
    outhook.logger.warn({}, "heard");
    expect(lines).toEqual(["heard"]);
    expect([outhook.events, outhook.envelope]).toEqual([null, "custom"]);
  });
});
