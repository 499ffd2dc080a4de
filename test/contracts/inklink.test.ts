import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { whileBroken } from "./broken-store.ts";
import type { Answer, Client } from "./client.ts";
import { createClient, textAt, valueAt } from "./client.ts";
import { aSecret, anInstant, checkFields, expectToConform } from "./conforms.ts";
import { createPage } from "./documents/inklink.ts";
import type { Schema } from "./documents/schema.ts";
import { rowsOf } from "./documents/schema.ts";
import { requestCases } from "./request-cases.ts";
import type { Example } from "./server.ts";
import { startExample } from "./server.ts";

const { request, responses, eventTypes, header, idPrefix } = createPage;
const create = "POST /webhook/endpoints";
const url = "https://app.example.com/inklink";
const endpointSchema: Schema = responses["201"]?.schema ?? {};

let example: Example;
let limited: Example;
let inklink: Client;
let member: Client;
beforeAll(async () => {
  [example, limited] = await Promise.all([startExample(), startExample({ RATE_LIMIT: "1" })]);
  inklink = createClient(`${example.origin}/inklink/api/v1`, { [header.name]: "secret_live_demo" });
  member = createClient(`${example.origin}/inklink/api/v1`, { [header.name]: "secret_live_member" });
});
afterAll(async () => {
  await Promise.all([example.stop(), limited.stop()]);
});

const withoutSecret = (body: unknown): Readonly<Record<string, unknown>> => {
  const { secret: _, ...endpoint } = Object(body) as Readonly<Record<string, unknown>>;
  return endpoint;
};
const newEndpoint = async (fields: Readonly<Record<string, unknown>> = {}) =>
  withoutSecret((await inklink(create, { body: { url, ...fields } })).body);

/** An error as InkLink's other pages show it: the code, and the field to blame where one is. */
function expectError(answer: Answer, status: number, code: string, field?: string): void {
  expect(answer).toMatchObject({ status, mediaType: "application/json" });
  expect(Object.keys(Object(answer.body) as object)).toEqual(["error"]);
  expect(valueAt(answer.body, "error")).toEqual({
    code,
    message: expect.stringMatching(/\w+ \w+/),
    details: expect.any(Array),
    requestId: answer.headers.get("x-request-id"),
  });
  expect(textAt(answer.body, "error.requestId")).toMatch(/^[0-9a-f-]{36}$/);
  const details = valueAt(answer.body, "error.details") as readonly unknown[];
  for (const detail of details)
    expect(detail).toEqual({ field: expect.any(String), message: expect.stringMatching(/\w+/) });
  if (field !== undefined) expect(details).toEqual([expect.objectContaining({ field })]);
}

describe("the request of InkLink's document", () => {
  it("goes below the path of its server", () => {
    expect(new URL(createPage.base).pathname).toBe("/api/v1");
  });

  it("needs the header of the document", async () => {
    expect(header).toEqual({ name: "api-key", required: true, example: "secret_live_xxx" });
    const send = createClient(`${example.origin}/inklink/api/v1`, {});
    expectError(await send(create, { body: { url } }), 401, "UNAUTHORIZED");
    for (const key of ["", header.example, "secret_live_dem", "Bearer secret_live_demo"]) {
      expectError(await send(create, { body: { url }, headers: { [header.name]: key } }), 401, "UNAUTHORIZED");
    }
    const bearer = { authorization: "Bearer secret_live_demo" };
    expectError(await send(create, { body: { url }, headers: bearer }), 401, "UNAUTHORIZED");
  });

  const samples = {
    url,
    name: "Production",
    enabled: false,
    event_types: ["kyc.result.approved"],
    "event_types[]": "web.result.failed",
  };
  const cases = requestCases(request, samples)
    // A missing name is shown as null, and taken as that too.
    .filter(({ name }) => name !== "name is no null");

  it.each(cases)("$name", async ({ field, place, body, accepted }) => {
    const answer = await inklink(create, { body });
    if (!accepted) {
      expectError(answer, 400, "VALIDATION_ERROR", place);
      return;
    }
    expect(answer).toMatchObject({ status: 201, mediaType: "application/json" });
    expectToConform(answer.body, endpointSchema, { all: true });
    if (field in body) expect(valueAt(answer.body, field)).toEqual(body[field]);
  });

  it.each(rowsOf(request).filter(({ rules }) => rules.default !== undefined))(
    "$path has its default",
    async ({ path, rules }) => {
      expect(valueAt(await newEndpoint(), path)).toBe(rules.default);
    },
  );

  it("has the one default of the document, and all event types for none", async () => {
    expect(rowsOf(request).filter(({ rules }) => "default" in rules)).toMatchObject([
      { path: "enabled", rules: { default: true } },
    ]);
    expect(valueAt(await newEndpoint(), "event_types")).toEqual(eventTypes);
  });

  it.each(["kyc.*", "*", "kyc.result.*", "kyc.result", "loan.active"])("knows no event type %s", async (type) => {
    const answer = await inklink(create, { body: { url, event_types: ["kyc.result.failed", type] } });
    expectError(answer, 400, "VALIDATION_ERROR", "event_types[1]");
  });

  it.each([
    { name: "text that is no JSON", options: { body: "{" } },
    { name: "a list", options: { body: [] } },
    { name: "a field that cannot be set", options: { body: { url, id: "wh_end_1" } } },
    { name: "a form", options: { body: "url=x", headers: { "content-type": "application/x-www-form-urlencoded" } } },
    { name: "more than a mebibyte", options: { body: { url, name: "x".repeat(2 ** 20) } } },
    { name: "an address that is not public", options: { body: { url: "https://10.0.0.1/" } } },
  ])("is not $name", async ({ options }) => {
    expectError(await inklink(create, options), 400, "VALIDATION_ERROR");
  });

  it("names every field at fault", async () => {
    const { body } = await inklink(create, { body: { url, name: 1, enabled: 1, event_types: 1 } });
    const details = valueAt(body, "error.details") as readonly unknown[];
    expect(details.map((one) => valueAt(one, "field"))).toEqual(["name", "enabled", "event_types"]);
  });
});

describe("the fields of InkLink's answer to a new endpoint", () => {
  let body: unknown;
  let other: unknown;
  beforeAll(async () => {
    const fields = { name: "Production", enabled: false, event_types: ["kyc.result.failed", "web.result.failed"] };
    ({ body } = await inklink(create, { body: { url, ...fields } }));
    ({ body: other } = await inklink(create, { body: { url } }));
  });
  const bodies = (): readonly unknown[] => [body, other];
  const anId: unknown = expect.stringMatching(new RegExp(`^${idPrefix}[0-9a-f]{32}$`));

  checkFields(rowsOf(endpointSchema), bodies, {
    id: [anId, anId],
    name: ["Production", null],
    url: [url, url],
    enabled: [false, true],
    event_types: [["kyc.result.failed", "web.result.failed"], eventTypes],
    "event_types[]": ["kyc.result.failed", eventTypes[0]],
    created_at: [anInstant, anInstant],
    updated_at: [anInstant, anInstant],
    secret: [aSecret, aSecret],
  });
});

describe("the statuses of InkLink's document", () => {
  /** How to get each status. */
  const causes: Readonly<Record<string, readonly (() => Promise<Answer>)[]>> = {
    201: [() => inklink(create, { body: { url } })],
    400: [() => inklink(create, { body: {} })],
    401: [() => inklink(create, { body: { url }, headers: { [header.name]: "secret_live_xxx" } })],
    500: [
      () => member(create, { body: { url } }),
      () => whileBroken(join(example.folder, "inklink.db"), () => inklink(create, { body: { url } })),
    ],
  };

  it("are all that is checked", () => {
    expect(Object.keys(causes)).toEqual(Object.keys(responses));
  });

  it.each(Object.entries(responses))("%s", async (status, { schema, text }) => {
    for (const cause of causes[status] ?? []) {
      const answer = await cause();
      if (schema === null) {
        const [, code = ""] = /`([A-Z_]+)`/.exec(text) ?? [];
        expectError(answer, Number(status), code);
      } else {
        expect(answer.status).toBe(Number(status));
        expectToConform(answer.body, schema, { all: true });
      }
    }
  });

  it("say what a member of the organization may not do, and nothing of a failing store", async () => {
    const refused = await member(create, { body: { url } });
    expect(textAt(refused.body, "error.message")).toMatch(/owner or admin/);
    const failed = await whileBroken(join(example.folder, "inklink.db"), () => inklink("GET /webhook/endpoints"));
    expectError(failed, 500, "INTERNAL_ERROR");
    expect(JSON.stringify(failed.body)).not.toMatch(/sqlite|table|outhook|\.ts|node/i);
  });

  it("are 404 for what is not there, and 429 for too many requests", async () => {
    expectError(await inklink(`GET /webhook/endpoints/wh_end_${"0".repeat(32)}`), 404, "NOT_FOUND", "id");
    expectError(await inklink("GET /webhooks/endpoints"), 404, "NOT_FOUND");
    expectError(await inklink("PUT /webhook/endpoints"), 404, "NOT_FOUND");
    const impatient = createClient(`${limited.origin}/inklink/api/v1`, { [header.name]: "secret_live_demo" });
    await impatient("GET /webhook/endpoints");
    const answer = await impatient("GET /webhook/endpoints");
    expectError(answer, 429, "RATE_LIMIT_EXCEEDED");
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  });
});

describe("the other routes of InkLink's API", () => {
  it("list the endpoints in pages after an id", async () => {
    const ids: unknown[] = [];
    for (let count = 0; count < 5; count += 1) ids.unshift((await newEndpoint())["id"]);
    const page = async (query: string) => (await inklink(`GET /webhook/endpoints${query}`)).body;
    const first = await page("?limit=2");
    expect(first).toEqual({ data: expect.any(Array), first_id: ids[0], last_id: ids[1], has_more: true });
    for (const one of valueAt(first, "data") as readonly unknown[])
      expect(Object.keys(Object(one) as object)).toEqual(Object.keys(await newEndpoint()));
    expect(await page(`?limit=3&after_id=${String(ids[1])}`)).toMatchObject({ first_id: ids[2], last_id: ids[4] });
  });

  it("list nothing after the last one", async () => {
    await newEndpoint();
    const lastIdAfter = async (query: string): Promise<unknown> => {
      const { body } = await inklink(`GET /webhook/endpoints?limit=100${query}`);
      const last = valueAt(body, "last_id");
      return valueAt(body, "has_more") === true ? await lastIdAfter(`&after_id=${String(last)}`) : last;
    };
    const { body } = await inklink(`GET /webhook/endpoints?after_id=${String(await lastIdAfter(""))}`);
    expect(body).toEqual({ data: [], first_id: null, last_id: null, has_more: false });
  });

  it.each(["limit=0", "limit=101", "limit=x", "after_id=%00"])("list nothing by ?%s", async (query) => {
    const answer = await inklink(`GET /webhook/endpoints?${query}`);
    expectError(answer, 400, "VALIDATION_ERROR", query.split("=")[0]);
  });

  it("show one endpoint without its secret", async () => {
    const endpoint = await newEndpoint({ name: "One" });
    expect(await inklink(`GET /webhook/endpoints/${String(endpoint["id"])}`)).toMatchObject({
      status: 200,
      body: endpoint,
    });
    expect(Object.keys(endpoint)).not.toContain("secret");
  });

  it.each([
    { patch: { name: "After" } },
    { patch: { name: null } },
    { patch: { enabled: false } },
    { patch: { event_types: ["web.result.pending"] } },
    { patch: { url: "https://app.example.com/new" } },
    { patch: {} },
  ])("change only $patch", async ({ patch }) => {
    const endpoint = await newEndpoint({ name: "Before" });
    const { status, body } = await inklink(`PATCH /webhook/endpoints/${String(endpoint["id"])}`, { body: patch });
    expect(status).toBe(200);
    expect(body).toEqual({ ...endpoint, ...patch, updated_at: anInstant });
  });

  it.each([{ name: "x".repeat(121) }, { enabled: null }, { event_types: [] }, { event_types: ["*"] }, { url: null }])(
    "change nothing to %o",
    async (patch) => {
      const { id } = await newEndpoint();
      expectError(await inklink(`PATCH /webhook/endpoints/${String(id)}`, { body: patch }), 400, "VALIDATION_ERROR");
    },
  );

  it("enable and disable, back and forth", async () => {
    const { id } = await newEndpoint({ enabled: false });
    for (const enabled of [true, false, true]) {
      const { body } = await inklink(`PATCH /webhook/endpoints/${String(id)}`, { body: { enabled } });
      expect(body).toMatchObject({ enabled });
    }
  });

  it("delete an endpoint", async () => {
    const { id } = await newEndpoint();
    expect(await inklink(`DELETE /webhook/endpoints/${String(id)}`)).toMatchObject({ status: 204, body: undefined });
    expectError(await inklink(`DELETE /webhook/endpoints/${String(id)}`), 404, "NOT_FOUND");
  });

  it("rotate the secret without a body", async () => {
    const { body: created } = await inklink(create, { body: { url } });
    const { status, body } = await inklink(`POST /webhook/endpoints/${textAt(created, "id")}/rotate-secret`);
    expect(status).toBe(200);
    expect(body).toEqual({ id: valueAt(created, "id"), secret: aSecret });
    expect(valueAt(body, "secret")).not.toBe(valueAt(created, "secret"));
  });

  it("let a member look, and change nothing", async () => {
    const { id } = await newEndpoint();
    const one = `/webhook/endpoints/${String(id)}`;
    expect((await member("GET /webhook/endpoints")).status).toBe(200);
    expect((await member(`GET ${one}`)).status).toBe(200);
    for (const route of [`PATCH ${one}`, `DELETE ${one}`, `POST ${one}/rotate-secret`]) {
      expectError(await member(route, { body: {} }), 500, "INTERNAL_ERROR");
    }
    expect((await inklink(`GET ${one}`)).status).toBe(200);
  });
});
