import { describe, expect, it } from "vitest";
import type { Contract, Fields } from "../../src/http/index.ts";
import { createEndpoint, createHandler, defineContract, getEndpoint, updateEndpoint } from "../../src/http/index.ts";
import { createOuthook, memoryStore, OuthookError } from "../../src/index.ts";

const operations = [getEndpoint({ route: "GET /hooks/{id}", reply: ({ id }) => ({ id }) })];
const error = () => ({ status: 500 });

describe("a contract", () => {
  it.each([
    { what: "without error", contract: { operations }, says: /without the method error\(\)/ },
    { what: "whose error is none", contract: { operations, error: "500" }, says: /without the method error\(\)/ },
    { what: "with nothing in it", contract: {}, says: /without the method error\(\)/ },
    { what: "that is undefined", contract: undefined, says: /expected an object with operations, error/ },
    { what: "that is null", contract: null, says: /expected an object with operations, error/ },
    { what: "without operations", contract: { error }, says: /contract\.operations is undefined; pass a list/ },
    { what: "with one operation", contract: { operations: operations[0], error }, says: /is an object; pass a list/ },
    { what: "with operations by name", contract: { operations: { get: 1 }, error }, says: /is an object; pass a list/ },
  ])("$what is refused where it is written", ({ contract, says }) => {
    expect(() => defineContract(contract as Contract)).toThrow(
      expect.objectContaining({ code: "invalid_options", message: expect.stringMatching(says) }),
    );
  });
});

const fields: Fields = {
  label: { as: "description", default: "none", required: true },
  description: { as: "metadata", read: readMap },
};

function readMap(value: unknown, param: string): unknown {
  if (typeof value === "object") return value;
  throw new OuthookError("invalid_metadata", `${param} must be an object`, { param });
}

describe("the fields of a contract", () => {
  const contract: Contract = {
    operations: [
      createEndpoint({
        route: "POST /hooks",
        fields: { url: { as: "url" }, ...fields },
        reply: ({ endpoint }) => ({ id: endpoint.id }),
      }),
      updateEndpoint({
        route: "PUT /hooks/{id}",
        fields,
        reply: ({ description, metadata }) => ({ description, metadata }),
      }),
    ],
    error: ({ status, param, errors }) => ({ status, body: { param, all: errors.map((one) => one.param) } }),
  };

  it.each([
    { what: "of a reader", body: { url: "https://acme.dev/", label: "a", description: 5 }, param: "description" },
    { what: "that is unknown", body: { url: "https://acme.dev/", label: "a", metadata: {} }, param: "metadata" },
    { what: "of the core", body: { url: "https://acme.dev/", label: 5 }, param: "label" },
  ])("are blamed by their own names: one $what", async ({ body, param }) => {
    const { ask } = await serve(contract);
    expect(await ask("POST", "/hooks", body)).toEqual({ status: 422, body: { param, all: [param] } });
  });

  it("are all named when several are missing", async () => {
    const required = { url: { as: "url", required: true }, label: { as: "description", required: true } };
    const create = createEndpoint({ route: "POST /hooks", fields: required, reply: () => ({}) });
    const { ask } = await serve({ ...contract, operations: [create] });
    expect(await ask("POST", "/hooks", {})).toEqual({ status: 400, body: { param: "url", all: ["url", "label"] } });
  });

  it("have no defaults in an update, where an absent one stays", async () => {
    const { ask } = await serve(contract);
    const { body } = await ask("POST", "/hooks", { url: "https://acme.dev/", label: "mine" });
    const changed = await ask("PUT", `/hooks/${String(Object(body).id)}`, { description: { a: "1" } });
    expect(changed).toEqual({ status: 200, body: { description: "mine", metadata: { a: "1" } } });
  });

  it.each([
    {
      what: "stands for nothing",
      define: () => createEndpoint({ route: "POST /hooks", fields: { u: { as: "ulr" } }, reply: () => ({}) }),
      says: /the field u of POST \/hooks stands for "ulr"/,
    },
    {
      what: "has no reply",
      define: () => getEndpoint({ route: "GET /hooks/{id}" } as never),
      says: /reply of GET \/hooks\/\{id\}/,
    },
  ])("and operations are refused where they are written when one $what", ({ define, says }) => {
    expect(define).toThrow(expect.objectContaining({ code: "invalid_options", message: expect.stringMatching(says) }));
  });
});

/** Asks a contract as a principal who may manage. */
async function serve(contract: Contract) {
  const outhook = createOuthook({ store: memoryStore(), secretKeys: "plaintext" });
  await outhook.migrate();
  const handler = createHandler(outhook, { contract, authenticate: () => ({ tenant: "acme", can: "manage" }) });
  return {
    ask: async (method: string, path: string, body: unknown) => {
      const headers = { "content-type": "application/json" };
      const response = await handler(
        new Request(`http://host${path}`, { method, headers, body: JSON.stringify(body) }),
      );
      const answered: unknown = await response.json();
      return { status: response.status, body: answered };
    },
  };
}
