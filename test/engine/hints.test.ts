import type { OnInserted, Outhook, AnyEvents, Store } from "@outhook/core";
import { allPartitions, createOuthook, memoryStore, ownedPartitions } from "@outhook/core";
import { manualClock } from "@outhook/testkit";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it, onTestFinished, vi } from "vitest";

type Watched = {
  readonly outhook: Outhook<AnyEvents, never>;
  /** How often the dispatcher has looked for new messages. */
  readonly looks: () => number;
  /** What the dispatcher gave the store to call. */
  readonly listeners: ReadonlySet<Parameters<OnInserted>[0]>;
  readonly logged: readonly string[];
};

/** An engine whose sleeps do not end by themselves, on a store whose hints the test gives. */
async function watch(
  input: {
    readonly messages?: Partial<Store["messages"]>;
    readonly upkeep?: Partial<Store["upkeep"]>;
  } = {},
): Promise<Watched> {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const store = memoryStore();
  const listeners = new Set<Parameters<OnInserted>[0]>();
  const logged: string[] = [];
  let looks = 0;
  const messages: Store["messages"] = {
    ...store.messages,
    onInserted: async (listener) => {
      listeners.add(listener);
      return async () => void listeners.delete(listener);
    },
    ...input.messages,
  };
  const awaitingFanOut: typeof messages.awaitingFanOut = (wanted) => {
    looks += 1;
    return messages.awaitingFanOut(wanted);
  };
  const log = (_: unknown, message: string) => void logged.push(message);
  const outhook = createOuthook({
    store: { ...store, messages: { ...messages, awaitingFanOut }, upkeep: { ...store.upkeep, ...input.upkeep } },
    secretKeys: "plaintext",
    dispatcher: { pollMs: 60_000 },
    // No time for a look into the partitions of others.
    clock: manualClock(0),
    logger: { warn: log, error: log },
  });
  onTestFinished(() => outhook.close());
  await outhook.migrate();
  return { outhook, looks: () => looks, listeners, logged };
}

/** Until everything that can happen without a timer has happened. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
}

function hint({ listeners }: Watched, partitions: readonly number[] | null): void {
  for (const listener of listeners) listener(partitions);
}

describe("a hint of the store", () => {
  it("wakes the dispatcher that owns one of its partitions, and no other", async () => {
    let owned: readonly number[] = [];
    const watched = await watch({
      upkeep: {
        heartbeat: async ({ dispatcherId }) => {
          const alive = [dispatcherId, "dsp_other"];
          owned = ownedPartitions(dispatcherId, alive, 64);
          return alive;
        },
      },
    });
    await watched.outhook.dispatcher.start();
    await settled();
    const before = watched.looks();

    const [mine = -1] = owned;
    const others = allPartitions(64).filter((partition) => !owned.includes(partition));
    hint(watched, others);
    await settled();
    expect(watched.looks()).toBe(before);
    hint(watched, [...others, mine]);
    await settled();
    expect(watched.looks()).toBe(before + 1);
    hint(watched, null);
    await settled();
    expect(watched.looks()).toBe(before + 2);
  });

  it("causes one more look at most while the dispatcher looks, however many come", async () => {
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const watched = await watch({ messages: { awaitingFanOut: async () => (await held, []) } });
    await watched.outhook.dispatcher.start();
    await settled();
    expect(watched.looks()).toBe(1);
    for (let n = 0; n < 1_000; n += 1) hint(watched, null);
    letGo();
    await settled();
    expect(watched.looks()).toBe(2);
  });

  it("is listened to from start to stop, and not for runOnce", async () => {
    const watched = await watch();
    const { dispatcher } = watched.outhook;
    await dispatcher.runOnce();
    expect(watched.listeners.size).toBe(0);
    for (let life = 0; life < 2; life += 1) {
      await dispatcher.start();
      await settled();
      expect(watched.listeners.size).toBe(1);
      await dispatcher.stop();
      expect(watched.listeners.size).toBe(0);
    }
  });
});

describe("a store that gives no hints", () => {
  it.each<{ which: string; onInserted: OnInserted | undefined; logged: readonly unknown[] }>([
    { which: "lacks them", onInserted: undefined, logged: [] },
    {
      which: "refuses them",
      onInserted: () => Promise.reject(new Error("not today")),
      logged: [expect.stringContaining("the store gives no hints")],
    },
  ])("is polled as any other when it $which", async ({ onInserted, logged }) => {
    const watched = await watch({ messages: { onInserted } });
    await watched.outhook.dispatcher.start();
    await settled();
    const before = watched.looks();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(watched.looks()).toBeGreaterThan(before);
    await watched.outhook.dispatcher.stop();
    expect(watched.logged).toEqual(logged);
  });

  it("lets a dispatcher stop in time when it never answers whether it listens, or has ended", async () => {
    const never = () => new Promise<never>(() => undefined);
    for (const onInserted of [never, async () => never]) {
      const { outhook } = await watch({ messages: { onInserted } });
      await outhook.dispatcher.start();
      const began = performance.now();
      await outhook.dispatcher.stop({ graceMs: 200 });
      expect(performance.now() - began).toBeLessThan(1_000);
    }
  });
});

describe("two dispatchers on one store", () => {
  it("each hear of what any sends", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const store = memoryStore();
    const sent: string[] = [];
    const open = (name: string) =>
      createOuthook({
        store,
        secretKeys: "plaintext",
        dispatcher: { pollMs: 60_000 },
        transport: {
          send: async () => {
            sent.push(name);
            return { kind: "response", statusCode: 200, retryAfter: null, body: "" };
          },
          close: async () => undefined,
        },
      });
    const [sender, receiver] = [open("sender"), open("receiver")];
    await sender.migrate();
    await sender.tenant("acme").endpoints.create({ url: "https://hooks.example.com/in" });
    await receiver.dispatcher.start();
    await settled();
    await sender.tenant("acme").send("loan.active", {});
    await settled();
    expect(sent).toEqual(["receiver"]);
    await receiver.dispatcher.stop();
    await receiver.close();
  });
});
