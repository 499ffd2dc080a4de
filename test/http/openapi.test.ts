import { standardContract } from "@outhook/core/http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { problemKinds } from "../../packages/core/src/http/problems.ts";
import type { Description } from "./openapi-description.ts";
import { membersOf, openDescription } from "./openapi-description.ts";
import { drives, goodWish } from "./openapi-drives.ts";
import type { TestServer } from "./openapi-server.ts";
import { startServer } from "./openapi-server.ts";

let server: TestServer;
let text: string;
let description: Description;

beforeAll(async () => {
  server = await startServer();
  const headers = { authorization: "Bearer acme:view" };
  ({ text } = await server.send({ method: "GET", path: "/openapi.json", headers, body: null }));
  description = openDescription(JSON.parse(text));
});

afterAll(async () => await server.close());

describe("the description of the API", () => {
  it("has the routes that there are", () => {
    const described = description.operations.map(({ method, path }) => `${method} ${path}`);
    const served = standardContract.operations.map(({ method, path }) => `${method} ${path}`);
    expect(described.toSorted()).toEqual(served.toSorted());
  });

  it("fits every answer, and has no status that is never answered", async () => {
    const faults: string[] = [];
    const driven = new Set<string>();
    for (const operation of description.operations) {
      for (const { name, wish, before } of drives) {
        const tenant = `${operation.id}, ${name}`;
        const { endpoints } = server.outhook.tenant(tenant);
        await endpoints.create({ url: "https://hooks.example.com/first", headers: { authorization: "Bearer k" } });
        const { endpoint } = await endpoints.create({ url: "https://hooks.example.com/200" });
        await before?.(server, tenant, endpoint.id);
        const asked = wish(goodWish(operation, tenant, endpoint.id));
        const answer = await server.send(asked);
        driven.add(`${operation.id} ${answer.status}`);
        const found = [...description.answerFaults(operation, answer)];
        if (answer.status < 300 && asked.body !== null) {
          const contentType = asked.headers["content-type"] ?? "";
          found.push(...description.requestFaults(operation, contentType, JSON.parse(asked.body)));
        }
        faults.push(...found.map((fault) => `${tenant}, ${answer.status}: ${fault}`));
      }
    }
    expect(faults).toEqual([]);
    const described = description.operations.flatMap(({ id, statuses }) => statuses.map((status) => `${id} ${status}`));
    expect([...driven].toSorted()).toEqual(described.toSorted());
  });

  it("says of each path which methods it has, as a 405 does", async () => {
    const headers = { authorization: "Bearer acme:view" };
    for (const path of Object.keys(membersOf(description.at("#/paths")))) {
      const methods = description.operations.filter((one) => one.path === path).map(({ method }) => method);
      const all = methods.includes("GET") ? [...methods, "HEAD"] : methods;
      const answer = await server.send({ method: "PUT", path, headers, body: null });
      expect(answer.headers.get("allow")).toBe(all.toSorted().join(", "));
    }
  });

  it("gives the place of a new endpoint relative to the request", async () => {
    const [create] = description.operations.filter(({ id }) => id === "createEndpoint");
    if (create === undefined) throw new Error("createEndpoint is not described");
    const answer = await server.send(goodWish(create, "located", ""));

    const { id } = JSON.parse(answer.text);
    const { pathname } = new URL(answer.headers.get("location") ?? "", "http://localhost/webhooks/endpoints");
    expect(pathname).toBe(`/webhooks/endpoints/${id}`);
  });

  it("lists every code of a problem", () => {
    const { enum: codes } = membersOf(description.at("#/components/schemas/ErrorCode"));
    expect(codes).toEqual(Object.keys(problemKinds));
  });
});

describe("the examples of the description", () => {
  it("fit their schemas", () => {
    const examples = examplesOf(description, JSON.parse(text));
    expect(examples.length).toBeGreaterThan(50);
    expect(
      examples.flatMap(({ schema, value }) =>
        description.faultsOf(schema, value).map((fault) => `${schema} ${JSON.stringify(value)}: ${fault}`),
      ),
    ).toEqual([]);
  });

  it("of problems have the status and the title of their code", () => {
    const statuses = new Map<string, string>();
    for (const { method, path } of description.operations) {
      const responses = description.member("#", "paths", path, method.toLowerCase(), "responses");
      for (const status of Object.keys(membersOf(description.at(responses)))) {
        statuses.set(description.member(responses, status, "content", "application/problem+json", "schema"), status);
      }
    }
    const problems = examplesOf(description, JSON.parse(text)).filter(({ schema }) => statuses.has(schema));
    expect(new Set(problems.map(({ schema }) => statuses.get(schema))).size).toBe(12);
    for (const { schema, value } of problems) {
      const { code, status, title, type } = membersOf(value);
      expect({ status, title }).toEqual(Object.entries(problemKinds).find(([known]) => known === code)?.[1]);
      expect(String(status)).toBe(statuses.get(schema));
      expect(type).toMatch(new RegExp(`/docs/errors/${String(code)}\\.md$`));
    }
  });
});

type Example = { readonly schema: string; readonly value: unknown };

/** Every example and every default below a pointer, with the pointer to its schema. */
function examplesOf(api: Description, value: unknown, pointer = "#"): readonly Example[] {
  const { schema, example, examples, default: standard, ...others } = membersOf(value);
  const own = Array.isArray(examples) ? [...examples] : [];
  // Of answers it is the one to all other statuses.
  if (!pointer.endsWith("/responses")) own.push(standard);
  const below = Object.entries(others).flatMap(([name, one]) => examplesOf(api, one, api.member(pointer, name)));
  if (schema === undefined) return [...given(own, pointer), ...below];
  const place = api.member(pointer, "schema");
  const named = Object.keys(membersOf(examples)).map((name) => api.at(api.member(pointer, "examples", name, "value")));
  return [...given(own, pointer), ...given([...named, example], place), ...below, ...examplesOf(api, schema, place)];
}

function given(values: readonly unknown[], schema: string): readonly Example[] {
  return values.filter((value) => value !== undefined).map((value) => ({ schema, value }));
}
