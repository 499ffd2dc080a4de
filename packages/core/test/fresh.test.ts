import { describe, expect, it } from "vitest";
import { createFresh } from "../src/fresh.ts";
import type { Message } from "../src/model.ts";

function message(id: string, { partition = 0, body = "{}" } = {}): Message {
  return { id, partition, tenant: "acme", type: "loan.active", body, createdAt: 0 };
}

function rig() {
  let now = 0;
  let looks = 0;
  const stored: Message[] = [];
  const fresh = createFresh({
    messages: {
      awaitingFanOut: async () => {
        looks += 1;
        return stored;
      },
    },
    monotonic: () => now,
  });
  const ask = async (query: Partial<Parameters<typeof fresh.awaitingFanOut>[0]> = {}): Promise<readonly string[]> =>
    (await fresh.awaitingFanOut({ partitions: [0], limit: 10, ...query })).map(({ id }) => id);
  return { fresh, ask, stored, looks: () => looks, pass: (ms: number) => void (now += ms) };
}

describe("messages that this process has just made durable", () => {
  it("are known without a look, each once and in turn", async () => {
    const { fresh, ask, looks } = rig();
    await ask();
    for (const id of ["a", "b", "c"]) fresh.add(message(id));
    expect([await ask({ limit: 2 }), await ask(), looks()]).toEqual([["a", "b"], ["c"], 1]);
    expect([await ask(), looks()]).toEqual([[], 2]);
  });

  it("do not keep the store from being looked into every 50 ms", async () => {
    const { fresh, ask, stored, looks, pass } = rig();
    await ask();
    stored.push(message("of another process"));
    fresh.add(message("a"));
    pass(49);
    expect([await ask(), looks()]).toEqual([["a"], 1]);
    fresh.add(message("b"));
    pass(1);
    expect([await ask(), looks()]).toEqual([["of another process"], 2]);
    expect([await ask(), looks()]).toEqual([["b"], 2]);
  });

  it("are not given again when a look has found them", async () => {
    const { fresh, ask, stored, pass, looks } = rig();
    await ask();
    fresh.add(message("a"));
    stored.push(message("a"));
    pass(50);
    expect(await ask()).toEqual(["a"]);
    stored.pop();
    expect([await ask(), looks()]).toEqual([[], 3]);
  });

  it("are left to others that own their partition", async () => {
    const { fresh, ask } = rig();
    await ask();
    fresh.add(message("theirs", { partition: 1 }));
    fresh.add(message("ours"));
    expect(await ask()).toEqual(["ours"]);
    expect(await ask({ partitions: [1] })).toEqual([]);
  });

  it("are looked for when one reads on behind what others hold", async () => {
    const { fresh, ask, looks } = rig();
    await ask();
    fresh.add(message("a"));
    await ask({ after: new Map([[0, { id: "a", createdAt: 0 }]]) });
    expect(looks()).toBe(2);
  });

  it("are not kept where no dispatcher has asked for two seconds", async () => {
    const { fresh, ask, pass } = rig();
    fresh.add(message("before any"));
    await ask();
    pass(2_001);
    fresh.add(message("late"));
    await ask();
    expect(await ask()).toEqual([]);
  });

  it("are kept up to 1,024, and up to 4 MiB of bodies", async () => {
    const { fresh, ask } = rig();
    await ask();
    for (let n = 0; n < 1_100; n += 1) fresh.add(message(`m${n}`));
    expect(await ask({ limit: 2_000 })).toHaveLength(1_024);
    const body = "x".repeat(1024 * 1024);
    for (let n = 0; n < 6; n += 1) fresh.add(message(`large${n}`, { body }));
    expect(await ask({ limit: 2_000 })).toHaveLength(4);
    fresh.add(message("after", { body }));
    expect(await ask()).toEqual(["after"]);
  });
});
