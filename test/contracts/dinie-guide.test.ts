import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Answer, Client } from "./client.ts";
import { createClient, textAt, valueAt } from "./client.ts";
import { aSecret, anInstant, expectToConform } from "./conforms.ts";
import { createPage, managedRoutes, rotation, routes } from "./documents/dinie.ts";
import type { Schema } from "./documents/schema.ts";
import type { Example } from "./server.ts";
import { startExample } from "./server.ts";

const url = "https://partner.example.com/webhooks/dinie";
const create = "POST /webhooks/endpoints";

let example: Example;
let dinie: Client;
let other: Client;
beforeAll(async () => {
  example = await startExample();
  dinie = createClient(`${example.origin}/dinie/v3`, { authorization: "Bearer dinie_at_demo" });
  other = createClient(`${example.origin}/dinie/v3`, { authorization: "Bearer dinie_at_other" });
});
afterAll(() => example.stop());

/** An endpoint as every answer but those of creating and rotating shows it: without its secret. */
const endpointSchema: Schema = withoutSecret(createPage.responses["201"]?.schema ?? {});

function withoutSecret({ properties = {}, ...schema }: Schema): Schema {
  const { secret: _, ...others } = properties;
  return { ...schema, properties: others, required: Object.keys(others) };
}

/** A new endpoint without its secret. */
async function newEndpoint(fields: Readonly<Record<string, unknown>> = {}): Promise<Readonly<Record<string, unknown>>> {
  const { body } = await dinie(create, { body: { url, ...fields } });
  const { secret: _, ...endpoint } = Object(body) as Readonly<Record<string, unknown>>;
  return endpoint;
}

describe("the routes of Dinie's documents", () => {
  /** What each route does; the id in its path is that of a new endpoint. */
  const checks: Readonly<
    Record<string, (route: string, endpoint: Readonly<Record<string, unknown>>) => Promise<void>>
  > = {
    "POST /webhooks/endpoints": async (route) => {
      const { status, headers, body } = await dinie(route, { body: { url } });
      expect(status).toBe(201);
      expect(valueAt(body, "secret")).toEqual(aSecret);
      const location = new URL(headers.get("location") ?? "", `${example.origin}/dinie/v3/webhooks/endpoints`);
      expect(location.pathname).toBe(`/dinie/v3/webhooks/endpoints/${textAt(body, "id")}`);
    },
    "GET /webhooks/endpoints": async (route, endpoint) => {
      const { status, body } = await dinie(route);
      expect(status).toBe(200);
      expect(Object.keys(Object(body) as object)).toEqual(["data", "has_more"]);
      expect(valueAt(body, "data[0]")).toEqual(endpoint);
      for (const one of valueAt(body, "data") as readonly unknown[])
        expectToConform(one, endpointSchema, { all: true });
    },
    "GET /webhooks/endpoints/{webhook_endpoint_id}": async (route, endpoint) => {
      const { status, body } = await dinie(route);
      expect(status).toBe(200);
      expect(body).toEqual(endpoint);
      expectToConform(body, endpointSchema, { all: true });
    },
    "PATCH /webhooks/endpoints/{webhook_endpoint_id}": async (route, endpoint) => {
      const { status, body } = await dinie(route, { body: { description: "Changed" } });
      expect(status).toBe(200);
      expect(body).toEqual({ ...endpoint, description: "Changed", updated_at: anInstant });
      expectToConform(body, endpointSchema, { all: true });
    },
    "DELETE /webhooks/endpoints/{webhook_endpoint_id}": async (route) => {
      expect(await dinie(route)).toMatchObject({ status: 204, body: undefined });
      expect(await dinie(route)).toMatchObject({ status: 404 });
    },
    "POST /webhooks/endpoints/{webhook_endpoint_id}/secret/rotate": async (route, endpoint) => {
      const { status, body } = await dinie(route, { body: rotation.body });
      expect(status).toBe(200);
      expect(body).toEqual({ id: endpoint["id"], secret: aSecret, previous_secret_expires_at: anInstant });
    },
  };

  it("are all that is checked", () => {
    expect(routes.map(({ route }) => route).toSorted()).toEqual(Object.keys(checks).toSorted());
    const named = managedRoutes.map((route) => route.replace("{id}", "{webhook_endpoint_id}"));
    expect(named).toHaveLength(4);
    expect(Object.keys(checks)).toEqual(expect.arrayContaining(named));
  });

  describe.each(routes)("$route", ({ route }) => {
    const withId = (id: unknown): string => route.replace("{webhook_endpoint_id}", String(id));

    it("does what the documents say", async () => {
      const check = checks[route];
      expect(check, `nothing checks ${route}`).toBeDefined();
      const endpoint = await newEndpoint();
      await check?.(withId(endpoint["id"]), endpoint);
    });

    it("is closed to callers without a token", async () => {
      const answer = await dinie(withId("we_1"), { headers: { authorization: "Bearer dinie_at_none" } });
      expect(answer).toMatchObject({ status: 401, mediaType: "application/problem+json" });
    });

    it("shows another partner nothing", async () => {
      const { id } = await newEndpoint();
      const answer = await other(withId(id), route.startsWith("GET") ? {} : { body: {} });
      if (withId(id) === route) expect(JSON.stringify(answer.body)).not.toContain(id);
      else expect(answer.status).toBe(404);
      expect((await dinie(`GET /webhooks/endpoints/${String(id)}`)).status).toBe(200);
    });
  });
});

describe("the list of Dinie's endpoints", () => {
  it("comes in pages, newest first, of 25 unless it is told otherwise", async () => {
    const ids: unknown[] = [];
    for (let count = 0; count < 27; count += 1) ids.unshift((await newEndpoint())["id"]);
    const pageOf = async (query: string): Promise<Answer> => await dinie(`GET /webhooks/endpoints${query}`);
    const idsOf = ({ body }: Answer) => (valueAt(body, "data") as readonly unknown[]).map((one) => valueAt(one, "id"));

    const first = await pageOf("");
    expect(idsOf(first)).toEqual(ids.slice(0, 25));
    expect(valueAt(first.body, "has_more")).toBe(true);
    const second = await pageOf(`?limit=2&starting_after=${String(ids[24])}`);
    expect(idsOf(second)).toEqual(ids.slice(25));
    const all = await pageOf("?limit=100");
    expect(idsOf(all).slice(0, 27)).toEqual(ids);
    expect(valueAt(all.body, "has_more")).toBe(false);
  });

  it.each(["limit=0", "limit=101", "limit=x", "starting_after=%00"])("refuses ?%s", async (query) => {
    const { status, body } = await dinie(`GET /webhooks/endpoints?${query}`);
    expect(status).toBe(400);
    expect(body).toMatchObject({ param: query.split("=")[0] });
  });
});

describe("updating one of Dinie's endpoints", () => {
  const text = routes.find(({ route }) => route.startsWith("PATCH"))?.text ?? "";
  const before = { events: ["loan.*"], description: "Before" };

  it.each([
    { says: "the destination URL", patch: { url: "https://partner.example.com/new" } },
    { says: "the list of subscribed events", patch: { events: ["customer.active"] } },
    { says: "the description", patch: { description: null } },
    { says: "the status (active/disabled)", patch: { status: "disabled" } },
    { says: "Only the submitted fields are updated.", patch: {} },
  ])("changes $says", async ({ says, patch }) => {
    expect(text).toContain(says);
    const endpoint = await newEndpoint(before);
    const { body } = await dinie(`PATCH /webhooks/endpoints/${String(endpoint["id"])}`, { body: patch });
    expect(body).toEqual({ ...endpoint, ...patch, updated_at: anInstant });
  });

  it("takes each status of the page, back and forth, and no other", async () => {
    const { id } = await newEndpoint();
    const statuses = createPage.responses["201"]?.schema.properties?.["status"]?.enum ?? [];
    expect(statuses).toEqual(["active", "disabled"]);
    const patch = (status: unknown) => dinie(`PATCH /webhooks/endpoints/${String(id)}`, { body: { status } });
    for (const status of [...statuses, "active"]) expect((await patch(status)).body).toMatchObject({ id, status });
    for (const status of ["paused", null, true, ""]) {
      expect(await patch(status)).toMatchObject({ status: 422, body: { param: "status" } });
    }
  });

  it("means all events by an empty list, and none by null", async () => {
    const { id } = await newEndpoint(before);
    const patch = (events: unknown) => dinie(`PATCH /webhooks/endpoints/${String(id)}`, { body: { events } });
    expect((await patch([])).body).toMatchObject({ events: ["*"] });
    expect(await patch(null)).toMatchObject({ status: 422, body: { param: "events" } });
  });

  it("refuses fields that cannot be set", async () => {
    const { id } = await newEndpoint();
    const answer = await dinie(`PATCH /webhooks/endpoints/${String(id)}`, { body: { id: "we_x" } });
    expect(answer).toMatchObject({ status: 422, body: { param: "id" } });
  });
});

describe("the grace period of Dinie's rotation", () => {
  const rotate = async (body: unknown): Promise<Answer> => {
    const { id } = await newEndpoint();
    return await dinie(`POST /webhooks/endpoints/${String(id)}/secret/rotate`, { body });
  };
  const secondsOf = ({ body }: Answer): number =>
    Math.round((Date.parse(textAt(body, "previous_secret_expires_at")) - Date.now()) / 1_000);

  it.each(rotation.defaults)("is %i seconds unless it is told otherwise", async (seconds) => {
    for (const body of [undefined, {}]) expect(secondsOf(await rotate(body))).toBeCloseTo(seconds, -1);
  });

  it("is at most what the guide says", async () => {
    expect(rotation.maximum).toBe(86_400);
    expect(secondsOf(await rotate({ expire_current_in: rotation.maximum }))).toBeCloseTo(rotation.maximum, -1);
    expect(await rotate({ expire_current_in: rotation.maximum + 1 })).toMatchObject({
      status: 422,
      body: { param: "expire_current_in", errors: [{ param: "expire_current_in" }] },
    });
  });

  it("may be nothing", async () => {
    expect((await rotate({ expire_current_in: 0 })).body).toMatchObject({ previous_secret_expires_at: null });
  });

  it.each([-1, 1.5, "60", true, null, [], {}])("is not %o", async (seconds) => {
    expect(await rotate({ expire_current_in: seconds })).toMatchObject({
      status: 422,
      body: { param: "expire_current_in" },
    });
  });

  it("is the same for the same request under an idempotency key", async () => {
    const { id } = await newEndpoint();
    const send = (key: string) =>
      dinie(`POST /webhooks/endpoints/${String(id)}/secret/rotate`, { body: {}, headers: { "idempotency-key": key } });
    const first = await send("rotation-1");
    expect(await send("rotation-1")).toMatchObject({ status: 200, body: first.body });
    expect(valueAt((await send("rotation-2")).body, "secret")).not.toBe(valueAt(first.body, "secret"));
  });
});
