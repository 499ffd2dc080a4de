import { describe, expect, it } from "vitest";
import { OuthookError } from "../src/errors.ts";
import { newHealth } from "../src/health.ts";
import { createSettler } from "../src/settler.ts";
import { resolveOptions } from "../src/settings.ts";
import { memoryStore } from "../src/memory-store/index.ts";
import type { Settlement } from "../src/settlement.ts";

const settings = resolveOptions({ logger: { warn: () => undefined, error: () => undefined } });

function settlement(deliveryId: string): Settlement {
  return {
    partition: 0,
    deliveryId,
    endpointId: "ep_1",
    lane: "scheduled",
    fence: 1,
    attempt: null,
    next: { status: "succeeded" },
    scheduledAttempts: 1,
    holdMs: null,
    health: null,
  };
}

type Settle = ReturnType<typeof memoryStore>["deliveries"]["settle"];

const settlerOf = (settle: Settle) => createSettler({ deliveries: { ...memoryStore().deliveries, settle }, settings });

describe("the settler", () => {
  it("writes 128 at once, and what came in meanwhile as one batch, of at most 256", async () => {
    const batches: number[] = [];
    const settler = settlerOf(async ({ settlements }) => {
      batches.push(settlements.length);
      return { results: settlements.map(() => "settled"), health: [] };
    });
    await Promise.all(Array.from({ length: 700 }, (_, n) => settler.settle(settlement(`dlv_${n}`))));
    expect(batches).toEqual([128, 256, 256, 60]);
  });

  it("lets a few that came in meanwhile wait for others, but not for ever", async () => {
    const batches: number[] = [];
    let more: Promise<unknown>[] = [];
    const settler = settlerOf(async ({ settlements }) => {
      batches.push(settlements.length);
      if (batches.length === 1) more = ["dlv_a", "dlv_b"].map((id) => settler.settle(settlement(id)));
      return { results: settlements.map(() => "settled"), health: [] };
    });
    await Promise.all(Array.from({ length: 128 }, (_, n) => settler.settle(settlement(`dlv_${n}`))));
    expect(batches).toEqual([128]);
    await Promise.all(more);
    expect(batches).toEqual([128, 2]);
  });

  it("gives each its own result", async () => {
    const settler = settlerOf(async ({ settlements }) => ({
      results: settlements.map(({ deliveryId }) => (deliveryId === "dlv_1" ? "lease_lost" : "settled")),
      health: [],
    }));
    const results = await Promise.all(["dlv_0", "dlv_1", "dlv_2"].map((id) => settler.settle(settlement(id))));
    expect(results.map(({ result }) => result)).toEqual(["settled", "lease_lost", "settled"]);
  });

  it("hands on the health of an endpoint for which a failure counted", async () => {
    const health = { ...newHealth("we_1"), consecutiveFailures: 3 };
    const settler = settlerOf(async ({ settlements }) => ({
      results: settlements.map(() => "settled"),
      health: [health],
    }));
    const of = (endpointId: string) => settler.settle({ ...settlement("dlv_0"), endpointId });
    expect(await Promise.all([of("we_1"), of("we_2")])).toEqual([
      { result: "settled", health },
      { result: "settled", health: null },
    ]);
  });

  it("keeps the order of what it has to write again", async () => {
    const written: string[] = [];
    let fail = true;
    const settler = settlerOf(async ({ settlements }) => {
      if (fail) {
        fail = false;
        throw new Error("busy");
      }
      written.push(...settlements.map(({ deliveryId }) => deliveryId));
      return { results: settlements.map(() => "settled"), health: [] };
    });
    await Promise.all(["dlv_0", "dlv_1", "dlv_2"].map((id) => settler.settle(settlement(id))));
    expect(written).toEqual(["dlv_0", "dlv_1", "dlv_2"]);
  });

  it("drops the one settlement that the store refuses, and writes the others", async () => {
    const settler = settlerOf(async ({ settlements }) => {
      if (settlements.some(({ deliveryId }) => deliveryId === "dlv_1")) throw new OuthookError("internal", "no");
      return { results: settlements.map(() => "settled"), health: [] };
    });
    const results = await Promise.all(["dlv_0", "dlv_1", "dlv_2"].map((id) => settler.settle(settlement(id))));
    expect(results.map(({ result }) => result)).toEqual(["settled", "given_up", "settled"]);
  });

  it("gives up when the store is closed", async () => {
    const settler = settlerOf(() => Promise.reject(new OuthookError("stopped", "closed")));
    await expect(settler.settle(settlement("dlv_0"))).resolves.toMatchObject({ result: "given_up" });
  });

  it("lets go also of what the store never answers for", async () => {
    const settler = settlerOf(() => new Promise(() => undefined));
    const results = [settler.settle(settlement("dlv_0"))];
    settler.hurry();
    results.push(settler.settle(settlement("dlv_1")));
    settler.giveUp();
    await expect(Promise.all(results)).resolves.toMatchObject([{ result: "given_up" }, { result: "given_up" }]);
  });

  it("lets go of what it cannot write once it is told to give up", async () => {
    const settler = settlerOf(() => Promise.reject(new Error("the database is gone")));
    const result = settler.settle(settlement("dlv_0"));
    settler.hurry();
    settler.giveUp();
    await expect(result).resolves.toMatchObject({ result: "given_up" });
    await expect(settler.settle(settlement("dlv_1"))).resolves.toMatchObject({ result: "given_up" });
  });
});
