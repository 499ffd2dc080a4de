import type { ReceivedRequest, Receiver, ReceiverOptions } from "@outhook/testkit";
import { startReceiver } from "@outhook/testkit";
import { Webhook } from "standardwebhooks";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { events as dinieEvents } from "../../examples/contracts/dinie/events.ts";
import { events as inkLinkEvents } from "../../examples/contracts/inklink/events.ts";
import type { Client } from "./client.ts";
import { createClient, textAt, valueAt } from "./client.ts";
import { anInstant } from "./conforms.ts";
import { delivery, eventTypes as dinieTypes } from "./documents/dinie.ts";
import { createPage as inkLinkPage } from "./documents/inklink.ts";
import type { Example } from "./server.ts";
import { startExample } from "./server.ts";

let example: Example;
beforeAll(async () => {
  example = await startExample();
});
afterAll(() => example.stop());

const receivers: Receiver[] = [];
afterEach(async () => {
  await Promise.all(receivers.splice(0).map(({ close }) => close()));
});
async function newReceiver(options: ReceiverOptions = {}): Promise<Receiver> {
  const receiver = await startReceiver(options);
  receivers.push(receiver);
  return receiver;
}

const client = (path: string, headers: Readonly<Record<string, string>>): Client =>
  createClient(example.origin + path, headers);

/** The three APIs, and what tells them apart for a receiver. */
const apis = [
  {
    name: "Dinie",
    call: () => client("/dinie/v3", { authorization: "Bearer dinie_at_demo" }),
    create: "POST /webhooks/endpoints",
    subscription: (types: readonly string[]) => ({ events: types }),
    types: dinieTypes,
    messageId: /^evt_[0-9a-f]{32}$/,
    userAgent: "Outhook",
  },
  {
    name: "InkLink",
    call: () => client("/inklink/api/v1", { "api-key": "secret_live_demo" }),
    create: "POST /webhook/endpoints",
    subscription: (types: readonly string[]) => ({ event_types: types }),
    types: inkLinkPage.eventTypes,
    messageId: /^wh_evt_[0-9a-f]{32}$/,
    userAgent: "InkLink-Webhooks/1.0",
  },
  {
    name: "InstaVM",
    call: () => client("/instavm/v1", { "x-api-key": "instavm_sk_demo" }),
    create: "POST /webhooks/endpoints",
    subscription: (types: readonly string[]) => ({ event_patterns: types }),
    types: ["vm.created", "snapshot.created", "anything_at.all"],
    messageId: /^msg_[0-9a-f]{32}$/,
    userAgent: "Outhook",
  },
] as const;

const secretOf = (body: unknown): string => textAt(body, "secret");
const send = async (call: Client, type: string, data: unknown = { id: type }): Promise<string> => {
  const { status, body } = await call("POST /demo/send", { body: { type, data } });
  expect({ status, body }).toEqual({ status: 202, body: { id: expect.any(String) } });
  return textAt(body, "id");
};
const verifies = ({ body, headers }: ReceivedRequest, secret: string): boolean => {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch {
    return false;
  }
};

describe.each(apis)("a receiver of $name", ({ call, create, subscription, types, messageId, userAgent }) => {
  it("gets every event type once, signed, in the envelope", async () => {
    const receiver = await newReceiver();
    const { body: endpoint } = await call()(create, { body: { url: receiver.url("/hook?a=1") } });
    const sent = new Map<string, string>();
    for (const type of types) sent.set(await send(call(), type), type);

    const requests = await receiver.waitFor(types.length);
    expect(new Set(requests.map(({ headers }) => headers["webhook-id"]))).toEqual(new Set(sent.keys()));
    for (const request of requests) {
      const { method, path, headers } = request;
      expect([method, path]).toEqual(["POST", "/hook?a=1"]);
      expect(headers).toMatchObject({ "content-type": "application/json", "user-agent": userAgent });
      for (const header of delivery.headers) expect(headers).toHaveProperty(header);
      expect(headers["webhook-id"]).toMatch(messageId);
      expect(Number(headers["webhook-timestamp"]) * 1_000).toBeCloseTo(Date.now(), -4.5);
      expect(verifies(request, secretOf(endpoint))).toBe(true);
      const type = sent.get(headers["webhook-id"] ?? "");
      const message: unknown = JSON.parse(request.body);
      expect(Object.keys(Object(message) as object)).toEqual(delivery.envelope);
      expect(message).toEqual({ type, timestamp: anInstant, data: { id: type } });
    }
  });

  it("gets only what it subscribed to", async () => {
    const receiver = await newReceiver();
    const [wanted = "", other = ""] = types;
    await call()(create, { body: { url: receiver.url(), ...subscription([wanted]) } });
    await send(call(), other);
    const id = await send(call(), wanted);
    const requests = await receiver.waitFor(1);
    expect(requests.map(({ headers }) => headers["webhook-id"])).toEqual([id]);
  });

  it("gets nothing that is not sent as the API says", async () => {
    for (const body of [{}, { type: types[0] }, { type: 5, data: {} }, { type: "no type", data: {} }, "{"]) {
      expect([400, 422]).toContain((await call()("POST /demo/send", { body })).status);
    }
    expect(
      (await call()("POST /demo/send", { headers: { authorization: "", "api-key": "", "x-api-key": "" } })).status,
    ).toBe(401);
  });
});

describe("event types", () => {
  it("are those of the documents", () => {
    expect(Object.keys(dinieEvents.definitions)).toEqual(dinieTypes);
    expect(Object.keys(inkLinkEvents.definitions)).toEqual(inkLinkPage.eventTypes);
  });

  it.each([
    { api: apis[0], status: 422, body: { code: "unknown_event_type", param: "type" } },
    { api: apis[1], status: 400, body: { error: { code: "VALIDATION_ERROR" } } },
    { api: apis[2], status: 202, body: {} },
  ])("that are not listed are $status for $api.name", async ({ api, status, body }) => {
    expect(await api.call()("POST /demo/send", { body: { type: "order.placed", data: {} } })).toMatchObject({
      status,
      body,
    });
  });
});

describe("Dinie's deliveries", () => {
  const [{ call, create }] = apis;

  it("follow patterns: a resource's events, and single ones", async () => {
    const receiver = await newReceiver();
    await call()(create, { body: { url: receiver.url(), events: ["loan.*", "customer.active"] } });
    const wanted = dinieTypes.filter((type) => type.startsWith("loan.") || type === "customer.active");
    for (const type of dinieTypes) await send(call(), type);
    const requests = await receiver.waitFor(wanted.length);
    expect(requests.map(({ body }) => textAt(JSON.parse(body), "type")).toSorted()).toEqual(wanted.toSorted());
    expect(wanted).toHaveLength(11);
  });

  it("go to the partner's own endpoints only", async () => {
    const receiver = await newReceiver();
    const other = client("/dinie/v3", { authorization: "Bearer dinie_at_other" });
    await other(create, { body: { url: receiver.url("/other") } });
    await call()(create, { body: { url: receiver.url("/own") } });
    await send(call(), "loan.active");
    await send(other, "loan.signed");
    const requests = await receiver.waitFor(2);
    const seen = requests.map(({ path, body }) => [path, textAt(JSON.parse(body), "type")].join(" "));
    expect(seen.toSorted()).toEqual(["/other loan.signed", "/own loan.active"]);
  });

  it("verify with both secrets during a rotation, newest first, and with the new one alone after it", async () => {
    const receiver = await newReceiver();
    const { body: created } = await call()(create, { body: { url: receiver.url() } });
    const rotate = `POST /webhooks/endpoints/${textAt(created, "id")}/secret/rotate`;
    const { body: rotated } = await call()(rotate, { body: { expire_current_in: 1 } });
    await send(call(), "loan.active");
    const [during] = await receiver.waitFor(1);
    if (during === undefined) throw new Error("nothing arrived");
    expect(during.headers["webhook-signature"]?.split(" ")).toHaveLength(2);
    expect([created, rotated].map((body) => verifies(during, secretOf(body)))).toEqual([true, true]);

    await vi.waitFor(
      async () => {
        const count = receiver.requests.length + 1;
        await send(call(), "loan.active");
        const after = (await receiver.waitFor(count)).at(-1);
        if (after === undefined) throw new Error("nothing arrived");
        expect([created, rotated].map((body) => verifies(after, secretOf(body)))).toEqual([false, true]);
      },
      { timeout: 6_000, interval: 100 },
    );
    const expiredAt = Date.parse(textAt(rotated, "previous_secret_expires_at"));
    expect(Date.now()).toBeGreaterThanOrEqual(expiredAt);
  });

  it("stop when the endpoint is disabled, and go on when it is active again", async () => {
    const receiver = await newReceiver();
    const { body } = await call()(create, { body: { url: receiver.url() } });
    const patch = (status: string) => call()(`PATCH /webhooks/endpoints/${textAt(body, "id")}`, { body: { status } });
    await patch("disabled");
    await send(call(), "loan.created");
    // Fanned out, and skipped, before it is active again: another endpoint has it by then.
    const witness = await newReceiver();
    await call()(create, { body: { url: witness.url() } });
    await send(call(), "loan.signed");
    await witness.waitFor(1);
    await patch("active");
    const id = await send(call(), "loan.active");
    const requests = await receiver.waitFor(1);
    expect(requests.map(({ headers }) => headers["webhook-id"])).toEqual([id]);
  });
});

describe("InkLink's deliveries", () => {
  const [, { call, create }] = apis;

  it("verify with the new secret alone as soon as it is rotated", async () => {
    const receiver = await newReceiver();
    const { body: created } = await call()(create, { body: { url: receiver.url() } });
    const { body: rotated } = await call()(`POST /webhook/endpoints/${textAt(created, "id")}/rotate-secret`);
    await send(call(), "kyc.result.approved", { inquiry_id: "inq_1", subject_id: "sub_1" });
    const [request] = await receiver.waitFor(1);
    if (request === undefined) throw new Error("nothing arrived");
    expect([created, rotated].map((body) => verifies(request, secretOf(body)))).toEqual([false, true]);
  });

  it("do not go to an endpoint that is not enabled", async () => {
    const receiver = await newReceiver();
    await call()(create, { body: { url: receiver.url("/off"), enabled: false } });
    await call()(create, { body: { url: receiver.url("/on") } });
    await send(call(), "web.result.pending");
    expect((await receiver.waitFor(1)).map(({ path }) => path)).toEqual(["/on"]);
  });

  it("are not a member's to cause", async () => {
    const member = client("/inklink/api/v1", { "api-key": "secret_live_member" });
    const { status, body } = await member("POST /demo/send", { body: { type: "kyc.result.failed", data: {} } });
    expect({ status, code: valueAt(body, "error.code") }).toEqual({ status: 500, code: "INTERNAL_ERROR" });
  });
});

describe("InstaVM's deliveries", () => {
  const [, , { call, create }] = apis;

  it("show in the endpoint's health", async () => {
    const receiver = await newReceiver({ respond: () => ({ status: 503 }) });
    const { body } = await call()(create, { body: { url: receiver.url(), event_patterns: ["health.*"] } });
    await send(call(), "health.checked");
    await receiver.waitFor(1);
    await vi.waitFor(async () => {
      const { body: endpoint } = await call()(`GET /webhooks/endpoints/${textAt(body, "endpoint.id")}`);
      expect(endpoint).toMatchObject({
        consecutive_failures: 1,
        last_delivery_at: anInstant,
        last_error: expect.stringContaining("503"),
        last_verified_at: null,
      });
    });
  });

  it("are cut off after the endpoint's own timeout", { timeout: 15_000 }, async () => {
    const receiver = await newReceiver({ respond: () => "hang" });
    const { body } = await call()(create, {
      body: { url: receiver.url(), event_patterns: ["slow.*"], timeout_seconds: 3 },
    });
    await send(call(), "slow.answer");
    const [request] = await receiver.waitFor(1);
    await vi.waitFor(
      async () => {
        const { body: endpoint } = await call()(`GET /webhooks/endpoints/${textAt(body, "endpoint.id")}`);
        expect(endpoint).toMatchObject({ consecutive_failures: 1 });
        const seconds = (Date.parse(textAt(endpoint, "last_delivery_at")) - (request?.receivedAt ?? 0)) / 1_000;
        expect(seconds).toBeCloseTo(3, 0);
      },
      { timeout: 8_000, interval: 50 },
    );
  });
});
