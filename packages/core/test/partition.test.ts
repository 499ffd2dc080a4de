import fc from "fast-check";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { deliveryIdOf, newId } from "../src/id.ts";
import { allPartitions, ownedPartitions, partitionOf, partitionsOf } from "../src/partition.ts";

const layout = { partitions: 64, spread: { whale: 8 } };
const ids = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 16 });

describe("the partition of a message", () => {
  // Rows in databases lie where these say: a change here loses them.
  it.each([
    { tenant: "acme", key: "msg_1", partition: 45 },
    { tenant: "globex", key: "msg_1", partition: 13 },
    { tenant: "whale", key: "msg_1", partition: 41 },
    { tenant: "whale", key: "msg_2", partition: 41 },
    { tenant: "__proto__", key: "msg_1", partition: 56 },
  ])("is $partition for $tenant and $key, for ever", ({ tenant, key, partition }) => {
    expect(partitionOf(tenant, key, layout)).toBe(partition);
  });

  it("is among those of its tenant, one unless the tenant is spread", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.integer({ min: 1, max: 100 }), (tenant, key, spread) => {
        const spreadLayout = { partitions: 64, spread: { [tenant]: spread } };
        expect(partitionsOf(tenant, spreadLayout)).toContain(partitionOf(tenant, key, spreadLayout));
        expect(new Set(partitionsOf(tenant, spreadLayout)).size).toBe(Math.min(spread, 64));
        expect(partitionsOf(tenant, { partitions: 64, spread: {} })).toHaveLength(1);
      }),
    );
  });

  it("stays among them when the spread grows", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 63 }), (tenant, spread) => {
        const before = partitionsOf(tenant, { partitions: 64, spread: { [tenant]: spread } });
        const after = partitionsOf(tenant, { partitions: 64, spread: { [tenant]: spread + 1 } });
        expect(after).toEqual(expect.arrayContaining([...before]));
      }),
    );
  });
});

describe("the owner of a partition", () => {
  it("is exactly one of those alive, whoever asks", () => {
    fc.assert(
      fc.property(ids, (alive) => {
        const owned = alive.flatMap((id) => ownedPartitions(id, alive, 64));
        expect(owned.toSorted((a, b) => a - b)).toEqual(allPartitions(64));
      }),
    );
  });

  it("changes only for the partitions of one that goes", () => {
    fc.assert(
      fc.property(ids, (alive) => {
        const [gone, ...left] = alive;
        for (const id of left) {
          const before = ownedPartitions(id, alive, 64);
          const after = ownedPartitions(id, left, 64);
          expect(after).toEqual(expect.arrayContaining([...before]));
          const inherited = after.filter((partition) => !before.includes(partition));
          expect(ownedPartitions(gone ?? "", alive, 64)).toEqual(expect.arrayContaining(inherited));
        }
      }),
    );
  });

  it("is the one that asks when nobody else is alive, also before it is known", () => {
    expect(ownedPartitions("a", [], 64)).toHaveLength(64);
    expect(ownedPartitions("a", ["a"], 64)).toHaveLength(64);
  });
});

describe("ids", () => {
  it("sort by the time they were made", () => {
    const made = Array.from({ length: 1_000 }, () => newId("msg_"));
    expect(made).toEqual(made.toSorted());
    expect(new Set(made).size).toBe(made.length);
    // The last ten digits are chance alone, whatever else two processes have in common.
    expect(new Set(made.map((id) => id.slice(-10))).size).toBe(made.length);
    expect(made[0]).toMatch(/^msg_[0-9a-f]{32}$/);
  });

  it("go on from the latest when the clock is set back", () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    onTestFinished(() => void vi.useRealTimers());
    const before = newId("msg_");
    vi.setSystemTime(0);
    const made = [before, newId("msg_"), newId("msg_")];
    expect(made).toEqual(made.toSorted());
    expect(new Set(made).size).toBe(3);
  });

  it("of deliveries follow from message and endpoint, differ for each pair, and sort by message", () => {
    const messages = Array.from({ length: 20 }, () => newId("msg_"));
    const endpoints = Array.from({ length: 20 }, () => newId("ep_"));
    const all = messages.flatMap((message) => endpoints.map((endpoint) => deliveryIdOf(message, endpoint)));
    expect(new Set(all).size).toBe(400);
    expect(all.every((id) => /^dlv_[0-9a-f]{32}$/.test(id))).toBe(true);
    expect(deliveryIdOf("msg_018f4f1c2d3e7a8b9c0d1e2f3a4b5c6d", "ep_1")).toBe(
      deliveryIdOf("msg_018f4f1c2d3e7a8b9c0d1e2f3a4b5c6d", "ep_1"),
    );
    expect(deliveryIdOf("msg_018f4f1c2d3e7a8b9c0d1e2f3a4b5c6d", "ep_1").slice(4, 20)).toBe("018f4f1c2d3e7a8b");
  });
});
