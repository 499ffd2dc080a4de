import type { AnyEvents, Logger, Outcome, Outhook, Store } from "@outhook/core";
import { createOuthook, memoryStore } from "@outhook/core";
import { describe, expect, it } from "vitest";
import { ok } from "./setup.ts";

const never = (): Promise<never> => new Promise(() => undefined);
const silent = { warn: () => undefined, error: () => undefined };

type App = { readonly outhook: Outhook<AnyEvents, never>; readonly sent: string[] };

/** An app in real time with one endpoint, whose store lacks or alters some methods. */
async function open(
  alter: (store: Store) => Store,
  { answer = async () => ok, logger = silent }: { answer?: () => Promise<Outcome>; logger?: Logger } = {},
): Promise<App> {
  const sent: string[] = [];
  const outhook = createOuthook({
    store: alter(memoryStore()),
    secretKeys: "plaintext",
    logger,
    transport: {
      send: ({ headers }) => {
        sent.push(headers["webhook-id"] ?? "none");
        return answer();
      },
      close: async () => undefined,
    },
  });
  await outhook.migrate();
  await outhook.tenant("acme").endpoints.create({ url: "https://hooks.example.com/in" });
  return { outhook, sent };
}

async function took(call: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await call();
  return performance.now() - began;
}

describe("a second stop", () => {
  it.each([
    { first: 60_000, second: 200, most: 700 },
    { first: 200, second: 60_000, most: 700 },
    { first: 60_000, second: 0, most: 500 },
  ])("($first ms, then $second ms) ends both when the shorter grace is over", async ({ first, second, most }) => {
    const { outhook, sent } = await open((store) => store, { answer: never });
    await outhook.tenant("acme").send("loan.active", {});
    await outhook.dispatcher.start();
    await expect.poll(() => sent.length).toBe(1);
    const stops = () => [first, second].map((graceMs) => outhook.dispatcher.stop({ graceMs }));
    expect(await took(() => Promise.all(stops()))).toBeLessThan(most);
    await outhook.dispatcher.start();
    await outhook.dispatcher.stop({ graceMs: 0 });
  });
});

describe("start while a stop runs", () => {
  /** An app whose dispatcher stops for as long as its one request is open, and what it warned of. */
  async function stopping() {
    let answer = (): void => undefined;
    const answered = new Promise<Outcome>((resolve) => (answer = () => resolve(ok)));
    let starts = 0;
    const warnings: unknown[] = [];
    const counting = (store: Store): Store => ({
      ...store,
      upkeep: {
        ...store.upkeep,
        identity: () => {
          starts += 1;
          return store.upkeep.identity();
        },
      },
    });
    const { outhook, sent } = await open(counting, {
      answer: () => (sent.length === 1 ? answered : Promise.resolve(ok)),
      logger: { ...silent, warn: (details) => warnings.push(details) },
    });
    await outhook.tenant("acme").send("loan.active", {});
    await outhook.dispatcher.start();
    await expect.poll(() => sent.length).toBe(1);
    return { outhook, sent, warnings, answer, starts: () => starts, stopped: outhook.dispatcher.stop() };
  }

  it("waits for its end and then starts, once for all who ask", async () => {
    const { outhook, sent, warnings, answer, starts, stopped } = await stopping();
    const started = [outhook.dispatcher.start(), outhook.dispatcher.start()];
    answer();
    await stopped;
    await Promise.all(started);
    expect(starts()).toBe(2);
    expect(warnings).toEqual([]);
    await outhook.tenant("acme").send("loan.active", {});
    await expect.poll(() => sent.length).toBe(2);
    await outhook.dispatcher.stop();
  });

  it("does not start when it was stopped again meanwhile, unless it is asked to once more", async () => {
    const { outhook, sent, answer, starts, stopped } = await stopping();
    const takenBack = outhook.dispatcher.start();
    const again = outhook.dispatcher.stop();
    answer();
    await Promise.all([stopped, takenBack, again]);
    expect(starts()).toBe(1);
    // It would be refused while the loop runs.
    expect(await outhook.dispatcher.runOnce()).toMatchObject({ attempts: 0 });

    await outhook.dispatcher.start();
    const ending = outhook.dispatcher.stop();
    void outhook.dispatcher.start();
    void outhook.dispatcher.stop();
    await outhook.dispatcher.start();
    await ending;
    await outhook.tenant("acme").send("loan.active", {});
    await expect.poll(() => sent.length).toBe(2);
    await outhook.dispatcher.stop();
    expect(await outhook.dispatcher.runOnce()).toMatchObject({ attempts: 0 });
  });
});

describe("stop while the store does not answer whose it is", () => {
  /** It answers to the second question. */
  const mute = (store: Store): Store => {
    let asked = 0;
    const identity = (): ReturnType<Store["upkeep"]["identity"]> => {
      asked += 1;
      return asked === 1 ? never() : store.upkeep.identity();
    };
    return { ...store, upkeep: { ...store.upkeep, identity } };
  };

  it.each(["start", "runOnce"] as const)("ends %s at once, and the next life is not taken for it", async (begin) => {
    const { outhook, sent } = await open(mute);
    await outhook.tenant("acme").send("loan.active", {});
    void outhook.dispatcher[begin]();
    expect(await took(() => outhook.dispatcher.stop({ graceMs: 5_000 }))).toBeLessThan(500);
    expect(await outhook.dispatcher.runOnce()).toMatchObject({ attempts: 1, nextDueAt: null });
    expect(sent).toHaveLength(1);
  });
});

describe("a runOnce that was stopped before it began", () => {
  it("does nothing, also while the next one works", async () => {
    const answers: (() => void)[] = [];
    const slow = (store: Store): Store => ({
      ...store,
      upkeep: {
        ...store.upkeep,
        identity: async () => {
          await new Promise<void>((resolve) => answers.push(resolve));
          return await store.upkeep.identity();
        },
      },
    });
    let answer = (): void => undefined;
    const answered = new Promise<Outcome>((resolve) => (answer = () => resolve(ok)));
    const { outhook, sent } = await open(slow, { answer: () => answered });
    await outhook.tenant("acme").send("loan.active", {});
    const first = outhook.dispatcher.runOnce();
    await outhook.dispatcher.stop();
    const second = outhook.dispatcher.runOnce();
    answers[1]?.();
    await expect.poll(() => sent.length).toBe(1);
    await outhook.tenant("acme").send("loan.active", {});
    answers[0]?.();
    expect(await first).toMatchObject({ messages: 0, attempts: 0 });
    answer();
    expect(await second).toMatchObject({ messages: 2, attempts: 2, nextDueAt: null });
  });
});

describe("close", () => {
  it("resolves by its grace time when the store never ends", async () => {
    const { outhook } = await open((store) => ({ ...store, close: never }));
    await outhook.dispatcher.start();
    expect(await took(() => outhook.close({ graceMs: 300 }))).toBeLessThan(700);
  });

  it("waits for the end of the store, and says when that failed", async () => {
    let ended = false;
    const { outhook } = await open((store) => ({
      ...store,
      close: async () => {
        await new Promise((resolve) => setImmediate(resolve));
        ended = true;
        throw new Error("the disk is gone");
      },
    }));
    await outhook.dispatcher.start();
    await expect(outhook.close()).rejects.toThrow("the disk is gone");
    expect(ended).toBe(true);
  });

  it.each<{ options: object }>([{ options: { graceMs: -1 } }, { options: { grace: 1_000 } }])(
    "refuses $options",
    async ({ options }) => {
      const { outhook } = await open((store) => store);
      await expect(outhook.close(options)).rejects.toMatchObject({ code: "invalid_options" });
    },
  );
});
