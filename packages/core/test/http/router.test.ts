import { describe, expect, it } from "vitest";
import type { Method, Operation } from "../../src/http/contract.ts";
import { createRouter } from "../../src/http/router.ts";

const operation = (method: Method, path: string): Operation => ({
  method,
  path,
  can: "view",
  fields: null,
  perform: async () => ({ status: 200 }),
});

const route = createRouter([
  operation("POST", "/endpoints"),
  operation("GET", "/endpoints"),
  operation("GET", "/endpoints/{id}"),
  operation("DELETE", "/endpoints/{endpoint_id}"),
  operation("POST", "/endpoints/{id}/secret/rotate"),
  operation("GET", "/openapi.json"),
]);

describe("a route", () => {
  it.each([
    { method: "GET", path: "/endpoints", found: "GET /endpoints" },
    { method: "HEAD", path: "/endpoints", found: "GET /endpoints" },
    { method: "POST", path: "/endpoints", found: "POST /endpoints" },
    { method: "DELETE", path: "/endpoints/ep_1", found: "DELETE /endpoints/{endpoint_id}" },
    { method: "POST", path: "/endpoints/ep_1/secret/rotate", found: "POST /endpoints/{id}/secret/rotate" },
    { method: "GET", path: "/openapi.json", found: "GET /openapi.json" },
  ])("is found for $method $path", ({ method, path, found }) => {
    const match = route(method, path);
    expect(match.kind === "found" && `${match.operation.method} ${match.operation.path}`).toBe(found);
  });

  it.each([
    { path: "/endpoints/" },
    { path: "//endpoints" },
    { path: "/Endpoints" },
    { path: "/endpoint" },
    { path: "/endpoints//secret/rotate" },
    { path: "/endpoints/ep_1/secret" },
    { path: "/endpoints/ep_1/secret/rotate/" },
    { path: "/openapi-json" },
    { path: "/%65ndpoints" },
    { path: "/" },
    { path: "" },
  ])("is not found for '$path'", ({ path }) => {
    expect(route("GET", path)).toEqual({ kind: "not_found" });
  });

  it.each([
    { method: "PUT", path: "/endpoints", allowed: ["GET", "HEAD", "POST"] },
    { method: "PATCH", path: "/endpoints/ep_1", allowed: ["DELETE", "GET", "HEAD"] },
    { method: "GET", path: "/endpoints/ep_1/secret/rotate", allowed: ["POST"] },
    { method: "HEAD", path: "/endpoints/ep_1/secret/rotate", allowed: ["POST"] },
    { method: "get", path: "/endpoints", allowed: ["GET", "HEAD", "POST"] },
    { method: "constructor", path: "/openapi.json", allowed: ["GET", "HEAD"] },
  ])("says what is allowed instead of $method $path", ({ method, path, allowed }) => {
    expect(route(method, path)).toEqual({ kind: "method_not_allowed", allowed });
  });
});

describe("a route in words", () => {
  const byName = operation("GET", "/hooks/{id}");
  const inWords = operation("GET", "/hooks/event-types");
  const toMake = operation("POST", "/hooks/new");
  const deep = operation("GET", "/hooks/{id}/{part}");
  const deeper = operation("GET", "/{any}/new/parts");
  const all = [byName, inWords, toMake, deep, deeper];

  it.each([
    { order: "after", operations: all },
    { order: "before", operations: all.toReversed() },
  ])("goes before one by a name when it stands $order it", ({ operations }) => {
    const routed = createRouter(operations);
    const found = (method: string, path: string): unknown => {
      const match = routed(method, path);
      return match.kind === "found" ? match.operation : match;
    };
    expect(found("GET", "/hooks/event-types")).toBe(inWords);
    expect(found("POST", "/hooks/new")).toBe(toMake);
    expect(found("GET", "/hooks/ep_1")).toBe(byName);
    expect(found("GET", "/hooks/new")).toEqual({ kind: "method_not_allowed", allowed: ["POST"] });
    expect(found("GET", "/hooks/new/parts")).toBe(deep);
  });
});

describe("a segment", () => {
  it.each([
    { written: "ep_1", read: "ep_1" },
    { written: "a%20b", read: "a b" },
    { written: "a%2Fb", read: "a/b" },
    { written: "..", read: ".." },
    { written: "%C3%A9", read: "é" },
    { written: "%", read: "" },
    { written: "%FF", read: "" },
  ])("$written is read as '$read'", ({ written, read }) => {
    const match = route("GET", `/endpoints/${written}`);
    expect(match.kind === "found" && match.segment("id")).toBe(read);
  });

  it("has the name that its own operation gives it", () => {
    const match = route("DELETE", "/endpoints/ep_1");
    expect(match.kind === "found" && [match.segment("endpoint_id"), match.segment("id")]).toEqual(["ep_1", ""]);
  });
});

describe("a contract is refused", () => {
  it.each([
    { why: "a path without a slash", operations: [operation("GET", "endpoints")] },
    { why: "an empty segment", operations: [operation("GET", "/endpoints/")] },
    { why: "half a name", operations: [operation("GET", "/endpoints/{id")] },
    { why: "a name inside of a segment", operations: [operation("GET", "/endpoints/ep_{id}")] },
    { why: "a route twice", operations: [operation("GET", "/a"), operation("GET", "/a")] },
    { why: "a route twice by other names", operations: [operation("GET", "/a/{b}"), operation("GET", "/a/{c}")] },
  ])("with $why", ({ operations }) => {
    expect(() => createRouter(operations)).toThrow(expect.objectContaining({ code: "invalid_options" }));
  });
});
