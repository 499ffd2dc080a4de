import type { Receiver } from "@outhook/testkit";
import { startReceiver } from "@outhook/testkit";
import Database from "better-sqlite3";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { Called, Example } from "./running.ts";
import { startExample } from "./running.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "outhook-examples-"));
});
afterAll(() => rm(folder, { recursive: true }));

const endpoints = "/webhooks/endpoints";
const order = { type: "order.created", data: { id: "o_1", amount: 500 } };
const key = Buffer.alloc(32, "k").toString("base64");
const opened = { OUTHOOK_ALLOW: "127.0.0.0/8", OUTHOOK_KEY: key };
const closed = { OUTHOOK_ALLOW: "", OUTHOOK_KEY: key };
const withoutKey = { ...closed, OUTHOOK_KEY: "" };

describe.each(["express-sqlite", "fastify-sqlite", "hono-sqlite"])("examples/%s", { timeout: 20_000 }, (name) => {
  let example: Example;
  let receiver: Receiver;
  let created: Called["body"];
  const database = (): string => join(folder, `${name}.db`);
  beforeAll(async () => {
    receiver = await startReceiver();
    example = await startExample(name, { ...opened, DATABASE: database() });
  }, 20_000);
  afterAll(async () => {
    await example.stop("SIGTERM");
    await receiver.close();
  });

  const activity = (): readonly unknown[] => {
    const db = new Database(database(), { readonly: true });
    const rows = db.prepare("select message, tenant, type from activity").all();
    db.close();
    return rows;
  };

  it("adds an endpoint for who may manage, and shows it to who may view", async () => {
    const url = receiver.url("/hook");
    const { status, headers, body } = await example.call("POST", endpoints, { as: "acme:admin", body: { url } });
    expect(status).toBe(201);
    expect(headers.get("location")).toBe(`./endpoints/${String(body["id"])}`);
    created = body;
    const { secret, ...shown } = body;
    expect(secret).toMatch(/^whsec_/);
    const listed = await example.call("GET", endpoints, { as: "acme:viewer" });
    expect(listed.body).toEqual({ data: [shown], has_more: false });
  });

  it.each([
    {
      who: "a viewer",
      method: "POST",
      path: endpoints,
      as: "acme:viewer",
      body: { url: "https://a.example/" },
      status: 403,
    },
    { who: "a viewer", method: "POST", path: "/demo/send", as: "acme:viewer", body: order, status: 403 },
    { who: "nobody", method: "GET", path: endpoints, status: 401 },
    { who: "nobody", method: "POST", path: "/demo/send", body: order, status: 401 },
    { who: "a made-up token", method: "GET", path: endpoints, as: "acme:owner", status: 401 },
    { who: "a name every object has", method: "GET", path: endpoints, as: "constructor", status: 401 },
  ])("refuses $who at $method $path with $status", async ({ method, path, as, body, status }) => {
    const refused = await example.call(method, path, { as, body });
    expect(refused).toMatchObject({ status, body: { status, code: status === 401 ? "unauthenticated" : "forbidden" } });
    expect(refused.headers.get("content-type")).toContain("application/problem+json");
    expect(refused.headers.has("www-authenticate")).toBe(status === 401);
  });

  it("keeps one tenant's endpoint from another", async () => {
    expect(await example.call("GET", endpoints, { as: "globex:admin" })).toMatchObject({ body: { data: [] } });
    const theirs = await example.call("GET", `${endpoints}/${String(created["id"])}`, { as: "globex:admin" });
    expect(theirs).toMatchObject({ status: 404, body: { code: "not_found" } });
  });

  it("commits its own row with the message, which arrives signed", async () => {
    const sent = await example.call("POST", "/demo/send", { as: "acme:admin", body: order });
    expect(sent).toMatchObject({ status: 202, body: { id: expect.stringMatching(/^msg_/) } });
    const [request] = await receiver.waitFor(1);
    expect(request).toMatchObject({ path: "/hook", headers: { "webhook-id": sent.body["id"] } });
    const verified = new Webhook(String(created["secret"])).verify(request?.body ?? "", request?.headers ?? {});
    expect(verified).toMatchObject(order);
    expect(activity()).toEqual([{ message: sent.body["id"], tenant: "acme", type: "order.created" }]);
  });

  it.each([
    { what: "no JSON", body: '{"type":', status: 400, code: "malformed_body" },
    { what: "null", body: "null", status: 400, code: "malformed_body" },
    { what: "no event type", body: {}, status: 422, code: "invalid_event_type" },
    {
      what: "an unknown event type",
      body: { ...order, type: "order.creatd" },
      status: 422,
      code: "unknown_event_type",
    },
    { what: "no payload", body: { type: "order.created" }, status: 422, code: "invalid_payload" },
    {
      what: "a payload that does not fit",
      body: { ...order, data: { id: "o_1", amount: -1 } },
      status: 422,
      code: "invalid_payload",
    },
  ])("answers $what with $status and writes nothing", async ({ body, status, code }) => {
    const before = activity();
    const refused = await example.call("POST", "/demo/send", { as: "acme:admin", body });
    expect(refused).toMatchObject({ status, body: { status, code, detail: expect.any(String) } });
    expect(refused.headers.get("content-type")).toContain("application/problem+json");
    expect(activity()).toEqual(before);
  });

  it("stops cleanly, and on the same file starts with the same endpoints, closed where it is not opened", async () => {
    const ended = await example.stop("SIGTERM");
    expect(ended.exitCode).toBe(0);
    expect(ended.ms).toBeLessThan(2_000);

    await expect(startExample(name, { ...withoutKey, DATABASE: database() })).rejects.toThrow(/unknown_secret_key/);
    example = await startExample(name, { ...closed, DATABASE: database() });
    expect(example.greeting).toContain("Authorization: Bearer acme:admin");
    expect(example.greeting).not.toContain("set OUTHOOK_KEY");
    expect(example.greeting).toContain("OUTHOOK_ALLOW=127.0.0.0/8");
    const listed = await example.call("GET", endpoints, { as: "acme:admin" });
    expect(listed).toMatchObject({ body: { data: [{ id: created["id"] }] } });

    const http = await example.call("POST", endpoints, { as: "acme:admin", body: { url: receiver.url() } });
    expect(http).toMatchObject({ status: 422, body: { code: "invalid_url", param: "url" } });
    expect(http.body["detail"]).toContain("use https://");
    const url = "https://127.0.0.1/hook";
    const local = await example.call("POST", endpoints, { as: "acme:admin", body: { url } });
    expect(local).toMatchObject({ status: 422, body: { code: "blocked_address", param: "url" } });
    expect(local.body["detail"]).toContain("is not a public address");

    expect(await example.stop("SIGINT")).toMatchObject({ exitCode: 0 });
  });
});

describe("the rate limit of examples/express-sqlite", () => {
  it("lets each tenant have its requests, and then says how long to wait", { timeout: 20_000 }, async () => {
    const env = { ...withoutKey, DATABASE: join(folder, "limited.db"), REQUESTS_PER_MINUTE: "2" };
    const example = await startExample("express-sqlite", env);
    onTestFinished(async () => void (await example.stop("SIGTERM")));
    expect(example.greeting).toContain("set OUTHOOK_KEY");
    const list = (as: string) => example.call("GET", endpoints, { as });
    const allowed = [await list("acme:admin"), await list("acme:viewer")];
    expect(allowed.map(({ status, headers }) => [status, headers.get("ratelimit-remaining")])).toEqual([
      [200, "1"],
      [200, "0"],
    ]);
    const refused = await list("acme:admin");
    expect(refused).toMatchObject({ status: 429, body: { code: "rate_limited" } });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(Number(refused.headers.get("retry-after"))).toBeLessThanOrEqual(60);
    expect(await list("globex:admin")).toMatchObject({ status: 200 });
  });
});
