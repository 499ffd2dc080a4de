import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { whileBroken } from "./broken-store.ts";
import type { Answer, Client } from "./client.ts";
import { createClient, textAt, valueAt } from "./client.ts";
import { aSecret, aSentence, anInstant, checkFields, expectToConform } from "./conforms.ts";
import { createPage, detailsOf } from "./documents/instavm.ts";
import type { Schema } from "./documents/schema.ts";
import { rowsOf } from "./documents/schema.ts";
import { requestCases } from "./request-cases.ts";
import type { Example } from "./server.ts";
import { startExample } from "./server.ts";

const { request, responses, header } = createPage;
const created: Schema = responses["200"]?.schema ?? {};
const invalid: Schema = responses["422"]?.schema ?? {};
const create = "POST /webhooks/endpoints";
const url = "https://hooks.example.com/vm";

let example: Example;
let instavm: Client;
beforeAll(async () => {
  example = await startExample();
  instavm = createClient(`${example.origin}/instavm/v1`, { "x-api-key": "instavm_sk_demo" });
});
afterAll(() => example.stop());

/** A list of FastAPI's validation errors, with the one place to blame. */
function expectInvalid({ status, mediaType, body }: Answer, place: readonly (string | number)[]): void {
  expect({ status, mediaType }).toEqual({ status: 422, mediaType: "application/json" });
  expectToConform(body, invalid, { all: true });
  expect((valueAt(body, "detail") as readonly unknown[]).map((one) => valueAt(one, "loc"))).toEqual([place]);
}

describe("InstaVM's page", () => {
  it.each([
    { name: "its request", section: request },
    ...Object.entries(responses).map(([status, section]) => ({ name: `its response ${status}`, section })),
  ])("says the same of $name as a schema and in lines", ({ section }) => {
    expect(section.details).toEqual(detailsOf(section.schema));
  });

  it("names the route", () => {
    expect(createPage.route).toBe("POST /v1/webhooks/endpoints");
    expect(create).toBe(createPage.route.replace("/v1", ""));
  });
});

describe("the credentials of InstaVM's page", () => {
  const send = async (headers: Readonly<Record<string, string>>): Promise<Answer> =>
    await createClient(`${example.origin}/instavm/v1`, {})(create, { body: { url }, headers });

  it("are a bearer token, or a key in a header that may be missing", async () => {
    expect(createPage.security).toBe("OAuth2PasswordBearer");
    expect(header).toEqual({ path: "X-API-Key", type: "string | null", rest: "Nonullable" });
    const answers = await Promise.all([
      send({ authorization: "Bearer instavm_demo" }),
      send({ [header.path]: "instavm_sk_demo" }),
    ]);
    for (const { status, body } of answers) {
      expect(status).toBe(200);
      expect(valueAt(body, "endpoint.user_id")).toBe(7);
    }
  });

  it.each([
    {},
    { authorization: "Bearer instavm_sk_demo" },
    { authorization: "instavm_demo" },
    { [header.path]: "instavm_demo" },
    { [header.path]: "" },
  ])("are not %o", async (headers) => {
    const { status, body } = await send(headers);
    expect(status).toBe(401);
    expect(body).toEqual({ detail: expect.stringMatching(/\w+ \w+/) });
  });
});

describe("the request of InstaVM's page", () => {
  const samples = {
    url,
    description: "Machines",
    event_patterns: ["vm.*", "snapshot.created"],
    "event_patterns[]": "vm.started",
    timeout_seconds: 30,
    max_retries: 3,
  };
  /** Where the answer has what the request said. */
  const shown: Readonly<Record<string, string>> = {
    url: "endpoint.url",
    description: "endpoint.description",
    event_patterns: "endpoint.subscribed_event_patterns",
    timeout_seconds: "endpoint.timeout_seconds",
    max_retries: "endpoint.max_retries",
  };

  it.each(requestCases(request.schema, samples))("$name", async ({ field, place, body, accepted }) => {
    const answer = await instavm(create, { body });
    if (!accepted) {
      expectInvalid(answer, place.endsWith("[0]") ? ["body", field, 0] : ["body", field]);
      return;
    }
    expect(answer).toMatchObject({ status: 200, mediaType: "application/json" });
    expectToConform(answer.body, created, { all: true });
    const all = field === "event_patterns" && body[field] === null;
    if (field in body) expect(valueAt(answer.body, shown[field] ?? "")).toEqual(all ? ["*"] : body[field]);
  });

  it.each(rowsOf(request.schema).filter(({ rules }) => rules.default !== undefined))(
    "$path has its default",
    async ({ path, rules }) => {
      const { body } = await instavm(create, { body: { url } });
      expect(valueAt(body, shown[path] ?? "")).toBe(rules.default);
    },
  );

  it("has two defaults", () => {
    const defaults = rowsOf(request.schema).filter(({ rules }) => "default" in rules);
    expect(defaults.map(({ path, rules }) => [path, rules.default])).toEqual([
      ["timeout_seconds", 10],
      ["max_retries", 7],
    ]);
  });

  it.each([{ event_patterns: [] }, { event_patterns: null }, {}])("means all events by %o", async (fields) => {
    const { body } = await instavm(create, { body: { url, ...fields } });
    expect(valueAt(body, "endpoint.subscribed_event_patterns")).toEqual(["*"]);
  });

  it.each([
    { name: "text that is no JSON", options: { body: "{" }, place: ["body"], type: "json_invalid" },
    { name: "a list", options: { body: [] }, place: ["body"], type: "json_invalid" },
    { name: "without a url", options: { body: {} }, place: ["body", "url"], type: "missing" },
    {
      name: "with a field of the answer",
      options: { body: { url, user_id: 8 } },
      place: ["body", "user_id"],
      type: "extra_forbidden",
    },
    {
      name: "with a pattern that is none",
      options: { body: { url, event_patterns: ["vm.*", "vm."] } },
      place: ["body", "event_patterns", 1],
      type: "value_error",
    },
    {
      name: "a form",
      options: { body: "url=x", headers: { "content-type": "text/plain" } },
      place: ["header", "content-type"],
      type: "value_error",
    },
    {
      name: "too large",
      options: { body: { url, description: "x".repeat(2 ** 20) } },
      place: ["body"],
      type: "value_error",
    },
  ])("is not $name", async ({ options, place, type }) => {
    const answer = await instavm(create, options);
    expectInvalid(answer, place);
    expect(valueAt(answer.body, "detail[0].type")).toBe(type);
  });
});

describe("the fields of InstaVM's answer to a new endpoint", () => {
  let body: unknown;
  let other: unknown;
  beforeAll(async () => {
    ({ body } = await instavm(create, {
      body: { url, description: "Machines", event_patterns: ["vm.*"], timeout_seconds: 5, max_retries: 2 },
    }));
    ({ body: other } = await instavm(create, { body: { url } }));
  });
  const bodies = (): readonly unknown[] => [body, other];
  const anId: unknown = expect.stringMatching(/^[0-9a-f]{32}$/);
  const aHint: unknown = expect.stringMatching(/^whsec_…[A-Za-z0-9+/]{3}=$/);

  checkFields(rowsOf(created), bodies, {
    endpoint: [expect.any(Object), expect.any(Object)],
    "endpoint.id": [anId, anId],
    "endpoint.user_id": [7, 7],
    "endpoint.url": [url, url],
    "endpoint.description": ["Machines", null],
    "endpoint.status": ["active", "active"],
    "endpoint.enabled": [true, true],
    "endpoint.subscribed_event_patterns": [["vm.*"], ["*"]],
    "endpoint.subscribed_event_patterns[]": ["vm.*", "*"],
    "endpoint.signing_version": ["v1", "v1"],
    "endpoint.secret_hint": [aHint, aHint],
    "endpoint.timeout_seconds": [5, 10],
    "endpoint.max_retries": [2, 7],
    "endpoint.consecutive_failures": [0, 0],
    "endpoint.last_verified_at": [null, null],
    "endpoint.last_delivery_at": [null, null],
    "endpoint.last_error": [null, null],
    "endpoint.created_at": [anInstant, anInstant],
    "endpoint.updated_at": [anInstant, anInstant],
    secret: [aSecret, aSecret],
  });

  it("has the end of the secret in its hint", () => {
    expect(textAt(body, "endpoint.secret_hint").slice(-4)).toBe(textAt(body, "secret").slice(-4));
  });
});

describe("the validation errors of InstaVM's page", () => {
  let body: unknown;
  beforeAll(async () => {
    ({ body } = await instavm(create, { body: { url, event_patterns: ["vm."], timeout_seconds: 2 } }));
  });

  const item = { loc: ["body", "event_patterns", 0], msg: aSentence, type: "value_error" };

  checkFields(rowsOf(invalid), () => [body], {
    detail: [[item, { ...item, loc: ["body", "timeout_seconds"] }]],
    "detail[]": [item],
    "detail[].loc": [item.loc],
    "detail[].loc[]": ["body"],
    "detail[].msg": [aSentence],
    "detail[].type": ["value_error"],
  });
});

describe("the statuses of InstaVM's page", () => {
  const causes: Readonly<Record<string, () => Promise<Answer>>> = {
    200: () => instavm(create, { body: { url } }),
    422: () => instavm(create, { body: {} }),
  };

  it("are all that is checked", () => {
    expect(Object.keys(causes)).toEqual(Object.keys(responses));
  });

  it.each(Object.entries(responses))("%s", async (status, { schema }) => {
    const answer = await causes[status]?.();
    expect(answer?.status).toBe(Number(status));
    expectToConform(answer?.body, schema, { all: true });
  });
});

describe("the other routes of InstaVM's API", () => {
  it("show an endpoint bare, alone and in a list of all of them", async () => {
    const ids: unknown[] = [];
    for (let count = 0; count < 110; count += 1) {
      ids.unshift(valueAt((await instavm(create, { body: { url } })).body, "endpoint.id"));
    }
    const { status, body } = await instavm("GET /webhooks/endpoints");
    expect(status).toBe(200);
    const list = body as readonly unknown[];
    expect(list.slice(0, 110).map((one) => valueAt(one, "id"))).toEqual(ids);
    const { body: one } = await instavm(`GET /webhooks/endpoints/${String(ids[0])}`);
    expect(one).toEqual(list[0]);
    expectToConform(one, created.properties?.["endpoint"] ?? {}, { all: true });
  });

  it.each([
    { route: `GET /webhooks/endpoints/${"0".repeat(32)}`, status: 404 },
    { route: "GET /webhooks/endpoints/a%2Fb", status: 404 },
    { route: "GET /webhooks", status: 404 },
    { route: "DELETE /webhooks/endpoints", status: 405 },
  ])("answer $status to $route", async ({ route, status }) => {
    expect(await instavm(route)).toMatchObject({ status, body: { detail: expect.stringMatching(/\w+ \w+/) } });
  });

  it("say nothing of a failing store", async () => {
    const answer = await whileBroken(join(example.folder, "instavm.db"), () => instavm("GET /webhooks/endpoints"));
    expect(answer.status).toBeGreaterThanOrEqual(500);
    expect(Object.keys(Object(answer.body) as object)).toEqual(["detail"]);
    expect(JSON.stringify(answer.body)).not.toMatch(/sqlite|table|outhook|\.ts|node/i);
  });
});
