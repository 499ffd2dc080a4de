import { createHttpTransport, createNetworkPolicy } from "@outhook/core";
import { describe, expect, it } from "vitest";
import type { TransportFixture } from "../src/index.ts";
import { transportConformance } from "../src/index.ts";

const policy = createNetworkPolicy({ allow: ["127.0.0.0/8"], allowHttp: true });
const fixture: TransportFixture = {
  create: async () => {
    const transport = createHttpTransport({ policy });
    return { transport, destroy: transport.close };
  },
};
const id = "close/it may be called twice, and before anything was sent";

describe("the HTTP transport of core", () => {
  // oxlint-disable-next-line vitest/expect-expect -- the cases assert
  for (const one of transportConformance(fixture)) it(one.id, one.run);
});

describe("transportConformance", () => {
  it("gives each case an id of its own that begins with its group", () => {
    const cases = transportConformance(fixture);
    expect(new Set(cases.map((one) => one.id)).size).toBe(cases.length);
    for (const one of cases) expect(one.id.startsWith(`${one.group}/`)).toBe(true);
  });

  it.each([id, "close"])("leaves out %s when it is skipped for a reason", (skipped) => {
    const all = transportConformance(fixture);
    const left = transportConformance(fixture, { skip: [{ id: skipped, reason: "this transport writes to a file" }] });
    const expected = all.filter((one) => one.id !== skipped && one.group !== skipped);
    expect(left.map((one) => one.id)).toEqual(expected.map((one) => one.id));
    expect(left.length).toBeLessThan(all.length);
  });

  it.each([
    { skip: { id: "close/unknown", reason: "whatever" }, message: "skip[0].id" },
    { skip: { id, reason: " " }, message: "skip[0].reason" },
  ])("refuses to skip $skip", ({ skip, message }) => {
    expect(() => transportConformance(fixture, { skip: [skip] })).toThrow(message);
  });

  it("destroys the transport also when its case fails, and says that it rejected", async () => {
    let destroyed = 0;
    const create: TransportFixture["create"] = async () => ({
      transport: { send: () => Promise.reject(new Error("no network")), close: async () => {} },
      destroy: async () => {
        destroyed += 1;
      },
    });
    for (const { run } of transportConformance({ create }).slice(0, 3)) {
      await expect(run()).rejects.toThrow("the transport rejected: Error: no network");
    }
    expect(destroyed).toBe(3);
  });
});
