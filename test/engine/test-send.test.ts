import { EventEmitter, once } from "node:events";
import { createServer } from "node:http";
import type { Outcome } from "@outhook/core";
import { defineEvents } from "@outhook/core";
import { verifyRequest } from "@outhook/testkit";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Engine } from "./setup.ts";
import { ok, startAt, startEngine, status } from "./setup.ts";

const url = "https://hooks.example.com/";
const unknown = "ep_0198f3c2a7d87c3e9b1f4a6d2e5c8b07";

async function add({ outhook }: Engine, fields: object = {}, tenant = "acme") {
  const { endpoint, secret } = await outhook.tenant(tenant).endpoints.create({ url, ...fields });
  return { id: endpoint.id, secret };
}

/** A receiver that answers a test only when it is told to. */
function waiting() {
  const answers: ((outcome: Outcome) => void)[] = [];
  return {
    answer: (): Promise<Outcome> => new Promise((resolve) => answers.push(resolve)),
    end: (outcome: Outcome) => answers.splice(0).forEach((resolve) => resolve(outcome)),
  };
}

describe("a test", () => {
  it("resolves with the one attempt that it made", async () => {
    const engine = await startEngine();
    const { id } = await add(engine);
    const result = await engine.outhook.tenant("acme").endpoints.test(id);
    const [request] = engine.sent;
    expect(result).toEqual({
      succeeded: true,
      attempt: {
        messageId: request?.headers["webhook-id"],
        startedAt: startAt,
        durationMs: 0,
        statusCode: 200,
        errorClass: null,
        error: null,
        signature: request?.headers["webhook-signature"],
        responseBody: "ok",
      },
    });
    expect(engine.sent).toHaveLength(1);
  });

  it.each([
    { statusCode: 200, succeeded: true },
    { statusCode: 299, succeeded: true },
    { statusCode: 300, succeeded: false },
    { statusCode: 410, succeeded: false },
    { statusCode: 500, succeeded: false },
  ])("that is answered $statusCode has succeeded: $succeeded", async ({ statusCode, succeeded }) => {
    const engine = await startEngine({ answer: () => status(statusCode) });
    const { id } = await add(engine);
    const { endpoints } = engine.outhook.tenant("acme");
    engine.clock.advance(5_000);
    expect(await endpoints.test(id)).toMatchObject({ succeeded, attempt: { statusCode } });
    const lastVerifiedAt = succeeded ? startAt + 5_000 : null;
    expect(await endpoints.get(id)).toMatchObject({ lastVerifiedAt, updatedAt: startAt, status: "active" });
  });

  it("counts for nothing, however often it fails", async () => {
    const autoDisable = { messages: 1, hours: 0 };
    const engine = await startEngine({ answer: () => status(500), options: { autoDisable } });
    const { id } = await add(engine);
    const acme = engine.outhook.tenant("acme");
    const [untouched] = await acme.endpoints.health([id]);
    for (let n = 0; n < 20; n += 1) await acme.endpoints.test(id);
    expect(await acme.endpoints.health([id])).toEqual([untouched]);
    expect(await acme.endpoints.get(id)).toMatchObject({ status: "active" });
    expect((await acme.deliveries.list({ endpointId: id })).data).toEqual([]);
    expect(await engine.outhook.dispatcher.runOnce()).toMatchObject({ succeeded: 0, failed: 0, nextDueAt: null });
    expect(engine.sent).toHaveLength(20);
  });

  it("is sent in the app's envelope, which its type is given to, and no catalogue has to know the type", async () => {
    const events = defineEvents({ "loan.active": z.object({ id: z.string() }) });
    const envelope = ({ id, type, tenant, timestamp, data }: object & Record<string, unknown>) => ({
      v: 1,
      id,
      type,
      tenant,
      timestamp,
      data,
    });
    const engine = await startEngine({ options: { events, wire: { envelope, idPrefixes: { message: "evt_" } } } });
    const { id } = await add(engine, { events: ["loan.active"] });
    const { attempt } = await engine.outhook.tenant("acme").endpoints.test(id);
    expect(attempt.messageId).toMatch(/^evt_/);
    expect(JSON.parse(engine.sent[0]?.body ?? "")).toEqual({
      v: 1,
      id: attempt.messageId,
      type: "webhook.test",
      tenant: "acme",
      timestamp: new Date(startAt).toISOString(),
      data: {},
    });
  });

  it.each([
    { timeoutSeconds: 7, maxTimeoutSeconds: 60, timeoutMs: 7_000 },
    { timeoutSeconds: 60, maxTimeoutSeconds: 20, timeoutMs: 20_000 },
  ])("may take $timeoutMs ms", async ({ timeoutSeconds, maxTimeoutSeconds, timeoutMs }) => {
    const asked: number[] = [];
    const engine = await startEngine();
    const { id } = await add(engine, { timeoutSeconds });
    const shared = { store: engine.store, clock: engine.clock };
    const answer = (request: { readonly timeoutMs: number }): Outcome => {
      asked.push(request.timeoutMs);
      return ok;
    };
    const { outhook } = await startEngine({ shared, answer, options: { dispatcher: { maxTimeoutSeconds } } });
    await outhook.tenant("acme").endpoints.test(id);
    expect(asked).toEqual([timeoutMs]);
  });

  it("is signed with the secrets as they are, also when another process has just changed them", async () => {
    const engine = await startEngine();
    const { id, secret: leaked } = await add(engine);
    const shared = { store: engine.store, clock: engine.clock };
    const other = await startEngine({ shared });
    await engine.outhook.tenant("acme").endpoints.test(id);
    const rotation = { expireCurrentInSeconds: 0 };
    const { secret } = await other.outhook.tenant("acme").endpoints.rotateSecret(id, rotation);
    await engine.outhook.tenant("acme").endpoints.test(id);
    const verdicts = engine.sent.map(({ headers, body }) =>
      [leaked, secret].map((key) => verifyRequest({ keys: [key], headers, body: Buffer.from(body), now: startAt })),
    );
    expect(verdicts).toEqual([
      ["verified", "bad_signature"],
      ["bad_signature", "verified"],
    ]);
  });

  it("says nothing of the URL that the endpoint was given meanwhile", async () => {
    const receiver = waiting();
    const engine = await startEngine({ answer: receiver.answer });
    const { id } = await add(engine);
    const { endpoints } = engine.outhook.tenant("acme");
    const tested = endpoints.test(id);
    await expect.poll(() => engine.sent.length).toBe(1);
    await endpoints.update(id, { url: `${url}new` });
    receiver.end(ok);
    expect(await tested).toMatchObject({ succeeded: true });
    expect(await endpoints.get(id)).toMatchObject({ lastVerifiedAt: null });
  });

  it.each([
    { what: "an unknown id", of: async () => unknown },
    { what: "no id", of: async () => "x" },
    { what: "another tenant's", of: async (engine: Engine) => (await add(engine, {}, "globex")).id },
    {
      what: "one that was deleted",
      of: async (engine: Engine) => {
        const { id } = await add(engine);
        await engine.outhook.tenant("acme").endpoints.delete(id);
        return id;
      },
    },
  ])("of $what is not_found and sends nothing", async ({ of }) => {
    const engine = await startEngine();
    const id = await of(engine);
    await expect(engine.outhook.tenant("acme").endpoints.test(id)).rejects.toMatchObject({
      code: "not_found",
      param: "id",
    });
    expect(engine.sent).toEqual([]);
  });

  it("is refused where deliveries are: on a copy of the store", async () => {
    const engine = await startEngine();
    const { id } = await add(engine);
    const shared = { store: engine.store, clock: engine.clock };
    const copy = await startEngine({ shared, migrate: false, options: { environment: "staging" } });
    const tested = copy.outhook.tenant("acme").endpoints.test(id);
    await expect(tested).rejects.toMatchObject({ code: "environment_mismatch" });
    expect(copy.sent).toEqual([]);
  });

  it("that this process could not send is its own fault, said in words for its operator only", async () => {
    const engine = await startEngine({ answer: () => ({ kind: "local", message: "no descriptors are left" }) });
    const { id } = await add(engine);
    const { endpoints } = engine.outhook.tenant("acme");
    for (let n = 0; n < 2; n += 1) {
      await expect(endpoints.test(id)).rejects.toMatchObject({
        code: "internal",
        detail: "the test message could not be sent from here",
        hint: "no descriptors are left",
      });
    }
    expect(await endpoints.get(id)).toMatchObject({ lastVerifiedAt: null });
  });
});

describe("of tests that are open", () => {
  it("there is one to an endpoint, and the next can begin when it has ended", async () => {
    const receiver = waiting();
    const engine = await startEngine({ answer: receiver.answer });
    const { id } = await add(engine);
    const { endpoints } = engine.outhook.tenant("acme");
    const first = endpoints.test(id);
    await expect.poll(() => engine.sent.length).toBe(1);
    await expect(endpoints.test(id)).rejects.toMatchObject({ code: "rate_limited" });
    receiver.end(status(500));
    await first;
    const next = endpoints.test(id);
    await expect.poll(() => engine.sent.length).toBe(2);
    receiver.end(ok);
    expect(await next).toMatchObject({ succeeded: true });
  });

  it("there are 4 of a tenant, and those of another are its own", async () => {
    const receiver = waiting();
    const engine = await startEngine({ answer: receiver.answer });
    const test = async (tenant: string) => {
      const { id } = await add(engine, {}, tenant);
      return await engine.outhook.tenant(tenant).endpoints.test(id);
    };
    const open = [1, 2, 3, 4].map(() => test("acme"));
    await expect.poll(() => engine.sent.length).toBe(4);
    await expect(test("acme")).rejects.toMatchObject({ code: "rate_limited" });
    open.push(test("globex"));
    await expect.poll(() => engine.sent.length).toBe(5);
    receiver.end(ok);
    await Promise.all(open);
  });

  it("there are 16 in a process, over all tenants", async () => {
    const receiver = waiting();
    const engine = await startEngine({ answer: receiver.answer });
    const open = [];
    for (let n = 0; n < 16; n += 1) {
      const tenant = `tenant${n % 4}`;
      const { id } = await add(engine, {}, tenant);
      open.push(engine.outhook.tenant(tenant).endpoints.test(id));
    }
    await expect.poll(() => engine.sent.length).toBe(16);
    const { id } = await add(engine, {}, "globex");
    const { endpoints } = engine.outhook.tenant("globex");
    await expect(endpoints.test(id)).rejects.toMatchObject({ code: "rate_limited" });
    expect(engine.sent).toHaveLength(16);
    await expect(endpoints.test(unknown)).rejects.toMatchObject({ code: "not_found" });
    receiver.end(ok);
    await Promise.all(open);
    const next = endpoints.test(id);
    await expect.poll(() => engine.sent.length).toBe(17);
    receiver.end(ok);
    await next;
  });
});

describe("close", () => {
  it("ends what is open, and no other begins", async () => {
    const server = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const network = { allow: ["127.0.0.1/32"], allowHttp: true, ports: "any" } as const;
    const engine = await startEngine({ options: { network, transport: undefined } });
    const { id } = await add(engine, { url: `http://127.0.0.1:${port}/` });
    const { endpoints } = engine.outhook.tenant("acme");
    const asked = once(server, "request");
    const open = endpoints.test(id).catch((error: unknown) => error);
    await asked;
    await engine.outhook.close();
    expect(await open).toMatchObject({ code: "stopped" });
    await expect(endpoints.test(id)).rejects.toMatchObject({ code: "stopped" });
    server.closeAllConnections();
    server.close();
  });

  it("lets none begin that was still looking up its endpoint", async () => {
    const { store, clock } = await startEngine();
    const steps = new EventEmitter();
    const ofTenants: typeof store.endpoints.ofTenants = async (input) => {
      const tenants = await store.endpoints.ofTenants(input);
      steps.emit("found");
      await once(steps, "closed");
      return tenants;
    };
    const slow = { ...store, endpoints: { ...store.endpoints, ofTenants } };
    const engine = await startEngine({ shared: { store: slow, clock } });
    const { id } = await add(engine);
    const found = once(steps, "found");
    const tested = engine.outhook.tenant("acme").endpoints.test(id);
    await found;
    await engine.outhook.close();
    steps.emit("closed");
    await expect(tested).rejects.toMatchObject({ code: "stopped" });
    expect(engine.sent).toEqual([]);
  });
});
