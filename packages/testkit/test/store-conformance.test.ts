import { memoryStore } from "@outhook/core";
import { describe, expect, it } from "vitest";
import type { StoreFixture } from "../src/index.ts";
import { storeConformance } from "../src/index.ts";

const fixture: StoreFixture = {
  create: async () => {
    const store = memoryStore();
    return { store, peer: async () => store, destroy: store.close };
  },
};
const id = "hold/the manual lane passes a hold";

describe("storeConformance", () => {
  it("gives each case an id of its own that begins with its group", () => {
    const cases = storeConformance(fixture);
    expect(new Set(cases.map((one) => one.id)).size).toBe(cases.length);
    for (const one of cases) expect(one.id.startsWith(`${one.group}/`)).toBe(true);
  });

  it("leaves out what is skipped for a reason", () => {
    const all = storeConformance(fixture).map((one) => one.id);
    const left = storeConformance(fixture, { skip: [{ id, reason: "this store has one lane" }] });
    expect(left.map((one) => one.id)).toEqual(all.filter((one) => one !== id));
  });

  it("leaves out a group that is skipped for a reason", () => {
    const left = storeConformance(fixture, { skip: [{ id: "hints", reason: "this store is polled" }] });
    const all = storeConformance(fixture);
    expect(left.map((one) => one.id)).toEqual(all.filter(({ group }) => group !== "hints").map((one) => one.id));
    expect(left.length).toBeLessThan(all.length);
  });

  it("says of a store without hints that they may be skipped", async () => {
    const withoutHints: StoreFixture = {
      create: async () => {
        const { messages, ...store } = memoryStore();
        const silent = { ...store, messages: { ...messages, onInserted: undefined } };
        return { store: silent, peer: async () => silent, destroy: silent.close };
      },
    };
    const hints = storeConformance(withoutHints).filter(({ group }) => group === "hints");
    for (const { run } of hints) await expect(run()).rejects.toThrow('skip the group "hints" and say why');
  });

  it("says of a fixture without transactions that they may be skipped", async () => {
    const transactions = storeConformance(fixture).filter(({ group }) => group === "transaction");
    expect(transactions.length).toBeGreaterThan(0);
    for (const { run } of transactions) await expect(run()).rejects.toThrow('skip the group "transaction"');
  });

  it.each([
    { skip: { id: "hold/unknown", reason: "whatever" }, message: "skip[0].id" },
    { skip: { id, reason: " " }, message: "skip[0].reason" },
  ])("refuses to skip $skip", ({ skip, message }) => {
    expect(() => storeConformance(fixture, { skip: [skip] })).toThrow(message);
  });

  it("destroys the store also when its case fails", async () => {
    let destroyed = 0;
    const create: StoreFixture["create"] = async () => {
      const store = memoryStore();
      await store.close();
      return {
        store,
        peer: async () => store,
        destroy: async () => {
          destroyed += 1;
        },
      };
    };
    for (const { run } of storeConformance({ create }).slice(0, 3)) await expect(run()).rejects.toThrow("is closed");
    expect(destroyed).toBe(3);
  });
});
