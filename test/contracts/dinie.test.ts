import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { whileBroken } from "./broken-store.ts";
import type { Answer, Client } from "./client.ts";
import { createClient, textAt, valueAt } from "./client.ts";
import { aSecret, aSentence, anInstant, checkFields, expectToConform } from "./conforms.ts";
import { createPage, exampleRequest } from "./documents/dinie.ts";
import { rowsOf } from "./documents/schema.ts";
import { requestCases } from "./request-cases.ts";
import type { Example } from "./server.ts";
import { startExample } from "./server.ts";

const { route, request, responses, headers } = createPage;
const success = "201";
const url = "https://partner.example.com/webhooks/dinie";

let example: Example;
let limited: Example;
let dinie: Client;
beforeAll(async () => {
  [example, limited] = await Promise.all([startExample(), startExample({ RATE_LIMIT: "1" })]);
  dinie = createClient(`${example.origin}/dinie/v3`, { authorization: "Bearer dinie_at_demo" });
});
afterAll(async () => {
  await Promise.all([example.stop(), limited.stop()]);
});

function responseOf(status: string): (typeof responses)[string] {
  const response = responses[status];
  if (response === undefined) throw new Error(`the page has no response ${status}`);
  return response;
}

describe("the request of Dinie's page", () => {
  it("goes to the route that the page names", () => {
    expect(route).toBe("POST /webhooks/endpoints");
  });

  it("is authenticated as the page says: by a bearer token, and by nothing else", async () => {
    expect(createPage.security).toBe("bearerAuth");
    const by = (authorization: string) =>
      createClient(`${example.origin}/dinie/v3`, { authorization })(route, { body: { url } });
    expect((await by("bearer dinie_at_demo")).status).toBe(201);
    for (const wrong of [
      "Basic dinie_at_demo",
      "dinie_at_demo",
      "Bearer dinie_at_dem",
      "Bearer  ",
      "Bearer a dinie_at_demo",
    ]) {
      expect({ wrong, status: (await by(wrong)).status }).toEqual({ wrong, status: 401 });
    }
  });

  const samples = { url, events: ["customer.active", "loan.*"], "events[]": "loan.active", description: "Production" };
  const cases = requestCases(request.schema, samples)
    // Dinie shows a missing description as null, and takes that too.
    .filter(({ name }) => name !== "description is no null");

  it.each(cases)("$name", async ({ field, place, body, accepted, missing }) => {
    const answer = await dinie(route, { body });
    if (accepted) {
      expect(answer).toMatchObject({ status: 201, mediaType: request.mediaType });
      expectToConform(answer.body, responseOf(success).schema, { all: true });
      if (field in body) expect(valueAt(answer.body, field)).toEqual(body[field]);
      return;
    }
    expect(answer).toMatchObject({ status: missing ? 400 : 422, mediaType: responseOf("422").mediaType });
    expectToConform(answer.body, responseOf("422").schema, { all: true });
    expect(answer.body).toMatchObject({ param: place, errors: [{ param: place }] });
  });

  it.each(Object.entries(request.texts))("the example of %s works", async (field, text) => {
    const value: unknown = JSON.parse(text.split("Example: ")[1] ?? "null");
    const { status, body } = await dinie(route, { body: { url, [field]: value } });
    expect(status).toBe(201);
    expect(valueAt(body, field)).toEqual(value);
  });

  it("takes the guide's example", async () => {
    const { status, body } = await dinie(route, { body: exampleRequest });
    expect(status).toBe(201);
    expect(body).toMatchObject(exampleRequest);
  });

  it.each([{ events: undefined }, { events: [] }])("means all events by $events", async ({ events }) => {
    expect(request.texts["events"]).toContain("Empty or omitted = all events.");
    const { body } = await dinie(route, { body: { url, events } });
    expect(valueAt(body, "events")).toEqual(["*"]);
  });

  it.each(["loan.", "loan.pay*", "*.active", "unknown.type", "LOAN.active"])(
    "refuses the pattern %s",
    async (pattern) => {
      expect(request.texts["events"]).toContain("Supports wildcards");
      const { status, body } = await dinie(route, { body: { url, events: [pattern] } });
      expect(status).toBe(422);
      expect(body).toMatchObject({ param: "events[0]" });
    },
  );

  it.each([{ id: "we_1" }, { status: "active" }, { secret: "whsec_x" }, { max_retries: 1 }])(
    "has no field %o",
    async (extra) => {
      const answer = await dinie(route, { body: { url, ...extra } });
      expect(answer).toMatchObject({ status: 422, body: { param: Object.keys(extra)[0] } });
    },
  );
});

describe("the headers of Dinie's page", () => {
  checkHeader("Idempotency-Key");
  // What Dinie's SDK sends.
  checkHeader("X-Idempotency-Key");

  function checkHeader(name: string): void {
    it(`${name} gives the same answer to the same request, and 422 to another one`, async () => {
      const send = (body: unknown, key: string) => dinie(route, { body, headers: { [name]: key } });
      const key = `partner-onboard-${name}`;
      const first = await send({ url }, key);
      const again = await send({ url }, key);
      expect(again).toMatchObject({ status: 201, body: first.body });
      expect(textAt(again.body, "secret")).toEqual(aSecret);
      expect(await send({ url, description: "Another" }, key)).toMatchObject({
        status: 422,
        mediaType: "application/problem+json",
      });
      expect(textAt((await send({ url }, `${key}-2`)).body, "id")).not.toBe(textAt(first.body, "id"));
      expect((await send({ url }, "two words")).status).toBe(400);
    });
  }

  it("are all that is checked", () => {
    expect(Object.keys(headers.schema.properties ?? {})).toEqual(["Idempotency-Key"]);
    expect(headers.texts["Idempotency-Key"]).toContain("Unique string for idempotent POST requests.");
  });
});

describe("the fields of Dinie's answer to a new endpoint", () => {
  let body: unknown;
  let other: unknown;
  beforeAll(async () => {
    ({ body } = await dinie(route, { body: { url, events: ["loan.*"], description: "Production webhook" } }));
    ({ body: other } = await dinie(route, { body: { url } }));
  });

  const bodies = (): readonly unknown[] => [body, other];
  const anId: unknown = expect.stringMatching(/^we_[0-9a-f]{32}$/);

  checkFields(rowsOf(responseOf(success).schema), bodies, {
    id: [anId, anId],
    url: [url, url],
    events: [["loan.*"], ["*"]],
    "events[]": ["loan.*", "*"],
    description: ["Production webhook", null],
    status: ["active", "active"],
    created_at: [anInstant, anInstant],
    updated_at: [anInstant, anInstant],
    secret: [aSecret, aSecret],
  });
});

const aCode: unknown = expect.stringMatching(/^[a-z_]+$/);

/** The fields to blame for an error of each status as this test causes it. */
function paramsOf(status: string): readonly string[] {
  if (status === "422") return ["events", "description"];
  return status === "400" ? ["url"] : [];
}

describe("the errors of Dinie's page", () => {
  /** How to get each status. */
  const causes: Readonly<Record<string, () => Promise<Answer>>> = {
    400: () => dinie(route, { body: {} }),
    401: () => dinie(route, { body: { url }, headers: { authorization: "" } }),
    422: () => dinie(route, { body: { url, events: 5, description: 5 } }),
    429: async () => {
      const impatient = createClient(`${limited.origin}/dinie/v3`, { authorization: "Bearer dinie_at_demo" });
      await impatient("GET /webhooks/endpoints");
      return await impatient(route, { body: { url } });
    },
    500: () => whileBroken(join(example.folder, "dinie.db"), () => dinie(route, { body: { url } })),
  };
  const types: Readonly<Record<string, string>> = {
    400: "invalid-request",
    401: "authentication-failed",
    422: "validation-failed",
    429: "rate-limit-exceeded",
    500: "internal",
  };

  it("are all that is checked", () => {
    expect(Object.keys(causes)).toEqual(Object.keys(responses).filter((status) => status !== success));
  });

  describe.each(Object.keys(causes))("%s", (status) => {
    const { schema, mediaType } = responseOf(status);
    let answer: Answer;
    let body: unknown;
    beforeAll(async () => {
      answer = (await causes[status]?.()) ?? (await dinie("GET /"));
      ({ body } = answer);
    });

    it("is answered as the page says", () => {
      expect(answer).toMatchObject({ status: Number(status), mediaType });
      expectToConform(body, schema, { all: false });
    });

    const type = types[status] ?? "";
    const params = paramsOf(status);
    const [param] = params;
    const inItem = (value: unknown): readonly unknown[] => [param === undefined ? undefined : value];
    const item = { param: expect.any(String), detail: aSentence, code: aCode };
    checkFields(rowsOf(schema), () => [body], {
      type: [`https://docs.dinie.com.br/errors/${type}`],
      title: [expect.stringMatching(new RegExp(`^${type.replaceAll("-", " ")}`, "i"))],
      status: [Number(status)],
      detail: [aSentence],
      instance: [expect.stringMatching(/^urn:uuid:[0-9a-f-]{36}$/)],
      code: [aCode],
      param: [param],
      errors: inItem(params.map((one) => ({ ...item, param: one }))),
      "errors[]": inItem(item),
      "errors[].param": [param],
      "errors[].detail": inItem(aSentence),
      "errors[].code": inItem(aCode),
    });
  });

  it("say nothing of what is inside when the store fails", async () => {
    const { body } = await whileBroken(join(example.folder, "dinie.db"), () => dinie("GET /webhooks/endpoints"));
    expect(body).toMatchObject({ status: 500, title: "Internal error" });
    expect(JSON.stringify(body)).not.toMatch(/sqlite|table|outhook|\.ts|node/i);
  });
});

describe("other errors of Dinie's API", () => {
  it.each([
    { status: 400, type: "invalid-request", call: () => dinie(route, { body: "{" }) },
    { status: 400, type: "invalid-request", call: () => dinie("GET /webhooks/endpoints?limit=0") },
    { status: 404, type: "not-found", call: () => dinie(`GET /webhooks/endpoints/we_${"0".repeat(32)}`) },
    { status: 404, type: "not-found", call: () => dinie("GET /webhooks") },
    { status: 405, type: "method-not-allowed", call: () => dinie("PUT /webhooks/endpoints") },
    {
      status: 413,
      type: "request-too-large",
      call: () => dinie(route, { body: { url, description: "x".repeat(2 ** 20) } }),
    },
    {
      status: 415,
      type: "unsupported-media-type",
      call: () => dinie(route, { body: "url=x", headers: { "content-type": "application/x-www-form-urlencoded" } }),
    },
  ])("are $status $type", async ({ status, type, call }) => {
    const answer = await call();
    expect(answer).toMatchObject({ status, mediaType: "application/problem+json" });
    expect(answer.body).toMatchObject({ status, type: `https://docs.dinie.com.br/errors/${type}` });
    expectToConform(answer.body, responseOf("400").schema, { all: false });
  });

  it("are 409 conflict for an eleventh secret in force", async () => {
    const { body } = await dinie(route, { body: { url } });
    const rotate = `POST /webhooks/endpoints/${textAt(body, "id")}/secret/rotate`;
    for (let count = 2; count <= 10; count += 1) expect((await dinie(rotate)).status).toBe(200);
    const answer = await dinie(rotate);
    expect(answer).toMatchObject({ status: 409, body: { type: "https://docs.dinie.com.br/errors/conflict" } });
  });
});
