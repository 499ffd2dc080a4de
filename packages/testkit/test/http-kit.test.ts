import { createListener } from "@outhook/core/node";
import { AssertionError } from "node:assert";
import { describe, expect, it } from "vitest";
import type { HttpMount } from "../src/index.ts";
import { httpConformance, startServer } from "../src/index.ts";

const mount: HttpMount = {
  start: ({ outhook, authenticate }) =>
    startServer(createListener(outhook, { authenticate: ({ headers }) => authenticate(headers.authorization) })),
};
const id = "delete/nothing is delivered any more";

describe("httpConformance", () => {
  it("gives each case an id of its own that begins with its group", () => {
    const cases = httpConformance(mount);
    expect(new Set(cases.map((one) => one.id)).size).toBe(cases.length);
    for (const one of cases) expect(one.id.startsWith(`${one.group}/`)).toBe(true);
  });

  it("leaves out what is skipped for a reason", () => {
    const all = httpConformance(mount).map((one) => one.id);
    const left = httpConformance(mount, { skip: [{ id, reason: "this mount cannot delete" }] });
    expect(left.map((one) => one.id)).toEqual(all.filter((one) => one !== id));
  });

  it.each([
    { skip: { id: "delete/unknown", reason: "whatever" }, message: "skip[0].id" },
    { skip: { id, reason: " " }, message: "skip[0].reason" },
  ])("refuses to skip $skip", ({ skip, message }) => {
    expect(() => httpConformance(mount, { skip: [skip] })).toThrow(message);
  });

  it("closes the server also when its case fails, and says which request got no answer", async () => {
    let closed = 0;
    const start: HttpMount["start"] = async () => {
      const server = await startServer((request) => void request.destroy());
      return {
        url: server.url,
        close: async () => {
          await server.close();
          closed += 1;
        },
      };
    };
    for (const { run } of httpConformance({ start }).slice(0, 3)) {
      const error = await run().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(AssertionError);
      expect(String(error)).toMatch(/(?:POST|GET) \/endpoints.* got no answer: /);
    }
    expect(closed).toBe(3);
  });
});
