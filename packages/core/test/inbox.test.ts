import { describe, expect, it } from "vitest";
import { createInbox } from "../src/inbox.ts";
import type { Message } from "../src/model.ts";

function message(id: string, { partition = 0, body = "{}" } = {}): Message {
  return { id, partition, tenant: "acme", type: "loan.active", body, createdAt: 0 };
}

function rig() {
  let now = 0;
  const stored: Message[] = [];
  const looks: { readonly limit: number; readonly after: readonly string[] }[] = [];
  const inbox = createInbox({
    messages: {
      awaitingFanOut: async ({ partitions, limit, after = new Map() }) => {
        looks.push({ limit, after: [...after.values()].map(({ id }) => id) });
        const own = stored.filter(({ partition }) => partitions.includes(partition));
        return own.filter(({ id, partition }) => id > (after.get(partition)?.id ?? "")).slice(0, limit);
      },
    },
    monotonic: () => now,
  });
  const ask = async (query: Partial<Parameters<typeof inbox.awaitingFanOut>[0]> = {}): Promise<readonly string[]> =>
    (await inbox.awaitingFanOut({ partitions: [0], limit: 10, ...query })).map(({ id }) => id);
  return { inbox, ask, stored, looks, pass: (ms: number) => void (now += ms) };
}

describe("messages that this process has just made durable", () => {
  it("are known without a look, each once and in turn", async () => {
    const { inbox, ask, looks } = rig();
    await ask();
    for (const id of ["a", "b", "c"]) inbox.add(message(id));
    expect([await ask({ limit: 2 }), await ask(), looks.length]).toEqual([["a", "b"], ["c"], 1]);
    expect([await ask(), looks.length]).toEqual([[], 2]);
  });

  it("do not keep the store from being looked into every 100 ms", async () => {
    const { inbox, ask, stored, looks, pass } = rig();
    await ask();
    stored.push(message("of another process"));
    inbox.add(message("a"));
    pass(99);
    expect([await ask(), looks.length]).toEqual([["a"], 1]);
    inbox.add(message("b"));
    pass(1);
    expect([await ask(), looks.length]).toEqual([["of another process"], 2]);
    expect([await ask(), looks.length]).toEqual([["b"], 2]);
  });

  it("are not given again when a look has found them", async () => {
    const { inbox, ask, stored, pass, looks } = rig();
    await ask();
    inbox.add(message("a"));
    stored.push(message("a"));
    pass(100);
    expect(await ask()).toEqual(["a"]);
    stored.pop();
    expect([await ask(), looks.length]).toEqual([[], 3]);
  });

  it("are left to others that own their partition", async () => {
    const { inbox, ask } = rig();
    await ask();
    inbox.add(message("theirs", { partition: 1 }));
    inbox.add(message("ours"));
    expect(await ask()).toEqual(["ours"]);
    expect(await ask({ partitions: [1] })).toEqual([]);
  });

  it("are looked for when one reads on behind what others hold", async () => {
    const { inbox, ask, looks } = rig();
    await ask();
    inbox.add(message("a"));
    await ask({ after: new Map([[0, { id: "a", createdAt: 0 }]]) });
    expect(looks.length).toBe(2);
  });

  it("are not kept where no dispatcher has asked for two seconds", async () => {
    const { inbox, ask, pass } = rig();
    inbox.add(message("before any"));
    await ask();
    pass(2_001);
    inbox.add(message("late"));
    await ask();
    expect(await ask()).toEqual([]);
  });

  it("are kept up to 1,024, and up to 4 MiB of bodies", async () => {
    const { inbox, ask } = rig();
    await ask();
    for (let n = 0; n < 1_100; n += 1) inbox.add(message(`m${n}`));
    expect(await ask({ limit: 2_000 })).toHaveLength(1_024);
    const body = "x".repeat(1024 * 1024);
    for (let n = 0; n < 6; n += 1) inbox.add(message(`large${n}`, { body }));
    expect(await ask({ limit: 2_000 })).toHaveLength(4);
    inbox.add(message("after", { body }));
    expect(await ask()).toEqual(["after"]);
  });
});

describe("messages behind those that were found", () => {
  const names = (from: number, to: number): readonly string[] =>
    Array.from({ length: to - from }, (_, n) => `m${1_000 + from + n}`);
  const storedRig = (count: number) => {
    const made = rig();
    made.stored.push(...names(0, count).map((id) => message(id)));
    return made;
  };

  it("are read while those are fanned out, and given in turn, each once", async () => {
    const { ask, looks } = storedRig(600);
    expect(await ask()).toEqual(names(0, 10));
    expect(looks).toEqual([
      { limit: 10, after: [] },
      { limit: 256, after: ["m1009"] },
    ]);
    expect(await ask({ limit: 250 })).toEqual(names(10, 260));
    expect(await ask({ limit: 250 })).toEqual(names(260, 510));
    expect(await ask({ limit: 250 })).toEqual(names(510, 600));
    expect(looks.slice(2).map(({ after }) => after)).toEqual([["m1265"], ["m1521"]]);
  });

  it("are not read when all that waits was found", async () => {
    const { ask, looks } = storedRig(9);
    await ask();
    expect(looks).toHaveLength(1);
  });

  it("do not keep it from looking from the beginning every 100 ms", async () => {
    const { ask, stored, looks, pass } = storedRig(600);
    await ask();
    stored.splice(0, 10);
    stored.unshift(message("held until now"));
    pass(99);
    expect(await ask()).toEqual(names(10, 20));
    stored.splice(1, 10);
    pass(1);
    expect((await ask())[0]).toBe("held until now");
    expect(looks.map(({ after }) => after.length)).toEqual([0, 1, 0, 1]);
  });

  it("of partitions that others own now are left to them", async () => {
    const { ask } = storedRig(600);
    await ask();
    expect(await ask({ partitions: [1] })).toEqual([]);
  });

  it("are looked for again when reading ahead failed", async () => {
    let calls = 0;
    const inbox = createInbox({
      messages: {
        awaitingFanOut: async ({ limit }) => {
          calls += 1;
          if (calls === 2) throw new Error("the store is away");
          return names(0, limit).map((id) => message(id));
        },
      },
      monotonic: () => 0,
    });
    await inbox.awaitingFanOut({ partitions: [0], limit: 2 });
    expect(await inbox.awaitingFanOut({ partitions: [0], limit: 2 })).toHaveLength(2);
    expect(calls).toBeGreaterThan(2);
  });
});
