import { describe, expect, it } from "vitest";
import {
  deleteEndpoint,
  getEndpoint,
  listEndpoints,
  rotateSecret,
  standardContract,
  testEndpoint,
  updateEndpoint,
} from "../../src/http/index.ts";
import type { Store } from "../../src/index.ts";
import { memoryStore } from "../../src/index.ts";
import { error, serve } from "./served.ts";

const url = "https://hooks.example.com/";
const rotation = rotateSecret({ route: "POST /hooks/{id}/rotate", reply: ({ secret }) => ({ secret }) });
const foreign = { origin: "https://evil.example" };
const form = { "content-type": "application/x-www-form-urlencoded" };

async function rotate(init: RequestInit) {
  const { outhook, send } = await serve({ operations: [rotation], error });
  const { endpoint, secret } = await outhook.tenant("acme").endpoints.create({ url });
  const response = await send(`POST /hooks/${endpoint.id}/rotate`, init);
  return { status: response.status, body: await response.json(), secret };
}

describe("a rotation without fields", () => {
  it.each([
    { what: "without a body", init: {} },
    { what: "with an empty object", init: { headers: { "content-type": "application/json" }, body: "{}" } },
  ])("answers $what", async ({ init }) => {
    const { status, body, secret } = await rotate(init);
    expect([status, body]).toEqual([200, { secret: expect.stringMatching(/^whsec_/) }]);
    expect(body).not.toEqual({ secret });
  });

  it.each([
    { what: "a form of another site", init: { headers: { ...foreign, ...form }, body: "a=b" } },
    { what: "an empty form of another site", init: { headers: { ...foreign, ...form } } },
    { what: "another site without a media type", init: { headers: foreign } },
    { what: "a form", init: { headers: form, body: "a=b" } },
  ])("refuses $what", async ({ init }) => {
    expect(await rotate(init)).toMatchObject({ status: 415, body: { code: "unsupported_media_type" } });
  });

  it("refuses a field", async () => {
    const init = { headers: { "content-type": "application/json" }, body: '{"expire_current_in":0}' };
    expect(await rotate(init)).toMatchObject({ status: 422, body: { code: "invalid_body" } });
  });
});

describe("a flood of texts", () => {
  it.each(["metadata", "headers"])("in %s is counted, not read", async (field) => {
    const names = Array.from({ length: 100_000 }, (_, n) => `"${n.toString(36)}":7`).join(",");
    const { send } = await serve(standardContract);
    const headers = { "content-type": "application/json" };
    const response = await send("POST /endpoints", { headers, body: `{"url":"${url}","${field}":{${names}}}` });
    const code = `invalid_${field}`;
    const detail = expect.stringMatching(new RegExp(`^${field} has 100000 names`));
    const errors = [{ param: field, code, detail }];
    expect([response.status, await response.json()]).toEqual([422, expect.objectContaining({ code, detail, errors })]);
  });
});

describe("an operation on one endpoint", () => {
  it.each([
    { name: "getEndpoint", made: () => getEndpoint({ route: "GET /hooks/{hook}", reply: ({ id }) => ({ id }) }) },
    {
      name: "updateEndpoint",
      made: () => updateEndpoint({ route: "PATCH /hooks/{hook}", fields: {}, reply: ({ id }) => ({ id }) }),
    },
    { name: "deleteEndpoint", made: () => deleteEndpoint({ route: "DELETE /hooks" }) },
    { name: "testEndpoint", made: () => testEndpoint({ route: "POST /hooks/id/test", reply: () => ({}) }) },
    { name: "rotateSecret", made: () => rotateSecret({ route: "POST /hooks/id", reply: () => ({}) }) },
  ])("by $name is refused on a route without {id}", ({ made }) => {
    expect(made).toThrow(
      expect.objectContaining({ code: "invalid_options", message: expect.stringMatching(/"\w+ \/hooks.*\{id\}/) }),
    );
  });
});

describe("a list without paging", () => {
  const list = listEndpoints({ route: "GET /hooks", reply: ({ data }) => data.map(({ id }) => id) });

  it("reads by pages, however many endpoints there are", async () => {
    const { store, reads } = counted(memoryStore());
    const { outhook, send } = await serve({ operations: [list], error }, { store });
    const { endpoints } = outhook.tenant("acme");
    const ids: string[] = [];
    for (let n = 0; n < 1_500; n += 1) ids.unshift((await endpoints.create({ url })).endpoint.id);
    const before = reads();
    expect(await (await send("GET /hooks")).json()).toEqual(ids);
    // Of each page of 100 the endpoints and their health.
    expect(reads() - before).toBeLessThanOrEqual(2 * 15);
  });

  it("has none of a tenant without endpoints", async () => {
    const { send } = await serve({ operations: [list], error });
    expect(await (await send("GET /hooks")).json()).toEqual([]);
  });
});

/** The store, and how often endpoints or their health were read of it. */
function counted(store: Store): { readonly store: Store; readonly reads: () => number } {
  let count = 0;
  const counting = <Input, Result>(read: (input: Input) => Promise<Result>) => {
    return async (input: Input): Promise<Result> => {
      count += 1;
      return await read(input);
    };
  };
  const { endpoints, log } = store;
  return {
    store: {
      ...store,
      endpoints: { ...endpoints, get: counting(endpoints.get), list: counting(endpoints.list) },
      log: { ...log, health: counting(log.health) },
    },
    reads: () => count,
  };
}
