import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Slots } from "../src/slots.ts";
import { createBreakers } from "../src/breakers.ts";
import { createSlots } from "../src/slots.ts";

type Rig = {
  readonly slots: Slots;
  readonly add: (endpointId: string, more?: { readonly bytes?: number; readonly origin?: string }) => void;
  /** Ends the oldest request that is open, or that of an endpoint, and writes it down. */
  readonly end: (endpointId?: string) => Promise<void>;
  /** Ends the oldest request that is open; what it returns writes it down. */
  readonly endRequest: (endpointId?: string, answered?: boolean) => Promise<() => Promise<void>>;
  readonly pass: (ms: number) => void;
  readonly open: () => readonly string[];
  readonly started: readonly string[];
  readonly released: readonly (readonly [endpointId: string, holdMs: number | null])[];
  /** How often the end of a request made room for an endpoint that had none. */
  readonly roomier: () => number;
};

/** @param bounds.quick Endpoints that have answered so often that they may have all slots that an endpoint may have. */
function rig(bounds: {
  readonly concurrency: number;
  readonly perEndpoint: number;
  readonly perOrigin?: number;
  readonly quick?: readonly string[];
}): Rig {
  type Ended = { readonly settled: Promise<void> };
  const { concurrency, perEndpoint, perOrigin = 1_000, quick = [] } = bounds;
  const running: { readonly endpointId: string; readonly startedAt: number; readonly end: (ended: Ended) => void }[] =
    [];
  const started: string[] = [];
  const released: [string, number | null][] = [];
  const breakers = createBreakers({ perEndpoint, longestHoldMs: 60_000 });
  let now = 0;
  let roomier = 0;
  for (const endpointId of quick) {
    times(perEndpoint, () => breakers.note(endpointId, { startedAt: 0, endedAt: 0, answered: true }));
  }
  const slots = createSlots({
    concurrency,
    perEndpoint,
    perOrigin,
    breakers,
    monotonic: () => now,
    onEnd: (isRoomier) => {
      if (isRoomier) roomier += 1;
    },
  });
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  const endRequest: Rig["endRequest"] = async (endpointId, answered = true) => {
    let write = (): void => undefined;
    const settled = new Promise<void>((resolve) => {
      write = resolve;
    });
    const index = running.findIndex((one) => endpointId === undefined || one.endpointId === endpointId);
    const [ended] = running.splice(Math.max(index, 0), 1);
    if (ended !== undefined) {
      breakers.note(ended.endpointId, { startedAt: ended.startedAt, endedAt: now, answered });
      ended.end({ settled });
    }
    await turn();
    return async () => {
      write();
      await turn();
    };
  };
  return {
    slots,
    add: (endpointId, { bytes = 0, origin = endpointId } = {}) =>
      slots.add({
        endpointId,
        origin,
        bytes,
        run: () => {
          started.push(endpointId);
          return new Promise((end) => running.push({ endpointId, startedAt: now, end }));
        },
        release: (holdMs) => released.push([endpointId, holdMs]),
      }),
    endRequest,
    end: async (endpointId) => (await endRequest(endpointId))(),
    pass: (ms) => {
      now += ms;
    },
    open: () => running.map((one) => one.endpointId),
    started,
    released,
    roomier: () => roomier,
  };
}

function times(count: number, run: () => void): void {
  Array.from({ length: count }).forEach(run);
}

function originOf(endpointId: string): string {
  return endpointId < "c" ? "https://one.example" : "https://two.example";
}

const many = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `many${index}`);

describe("slots", () => {
  it("never exceed the bounds, start nothing twice and forget nothing, whatever comes", async () => {
    const step = fc.oneof(fc.constantFrom("a", "b", "c", "d"), fc.constant("end" as const));
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 3 }),
        fc.array(step),
        async (all, one, steps) => {
          const { slots, add, end, open, started, released } = rig({
            concurrency: all,
            perEndpoint: one,
            perOrigin: 2,
          });
          let added = 0;
          for (const what of steps) {
            if (what === "end") await end();
            else if (slots.roomOf(what, originOf(what)) > 0 && slots.room() > 0) {
              add(what, { origin: originOf(what) });
              added += 1;
            }
            expect(open().length).toBeLessThanOrEqual(all);
            for (const endpointId of open())
              expect(open().filter((id) => id === endpointId).length).toBeLessThanOrEqual(one);
            for (const endpoints of [
              ["a", "b"],
              ["c", "d"],
            ])
              expect(open().filter((id) => endpoints.includes(id)).length).toBeLessThanOrEqual(2);
            expect(slots.open()).toBe(open().length);
          }
          while (open().length > 0) await end();
          expect(started.length + released.length).toBe(added);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("start the next request of an endpoint the moment one ends", async () => {
    const { add, end, open } = rig({ concurrency: 10, perEndpoint: 2 });
    times(3, () => add("a"));
    expect(open()).toEqual(["a", "a"]);
    await end();
    expect(open()).toEqual(["a", "a"]);
  });

  it("count what is not written down yet as in flight, and as no request of its endpoint", async () => {
    const { slots, add, endRequest, open } = rig({ concurrency: 2, perEndpoint: 1 });
    times(3, () => add("a"));
    const write = await endRequest();
    expect([open(), slots.open(), slots.room()]).toEqual([["a"], 1, 1]);
    const writeNext = await endRequest();
    expect([open(), slots.open(), slots.room()]).toEqual([[], 0, 1]);
    await write();
    expect([open(), slots.room()]).toEqual([["a"], 2]);
    await writeNext();
  });

  it("serve waiting endpoints in turn when all slots are taken", async () => {
    const { add, end, started } = rig({ concurrency: 2, perEndpoint: 2, quick: ["a", "b", "c"] });
    times(4, () => add("a"));
    times(2, () => add("b"));
    times(2, () => add("c"));
    while (started.length < 8) await end();
    expect(started.slice(2, 5).toSorted()).toEqual(["a", "b", "c"]);
  });

  it("leave room for other endpoints however much waits for a slow one", () => {
    const { slots, add } = rig({ concurrency: 4, perEndpoint: 1 });
    times(4, () => add("slow"));
    expect(slots.roomOf("slow", "slow")).toBe(0);
    expect(slots.room()).toBeGreaterThanOrEqual(3);
    expect([slots.roomOf("other", "other"), slots.rooms().get("slow")]).toEqual([slots.roomPerEndpoint(), 0]);
  });

  it("have no room while the bodies they hold are large", async () => {
    const { slots, add, end } = rig({ concurrency: 100, perEndpoint: 100, quick: ["a"] });
    times(32, () => add("a", { bytes: 1024 * 1024 }));
    expect(slots.room()).toBe(0);
    await end();
    expect(slots.room()).toBeGreaterThan(0);
  });

  it("give back what waits, and only that", async () => {
    const { slots, add, end, released, started } = rig({ concurrency: 1, perEndpoint: 1, quick: ["a"] });
    times(3, () => add("a"));
    slots.releaseWaiting();
    expect(released).toHaveLength(2);
    await end();
    expect([started.length, slots.open(), slots.room()]).toEqual([1, 0, 2]);
  });

  it("say when the end of a request makes room for an endpoint that had none", async () => {
    const { slots, add, end, roomier } = rig({ concurrency: 10, perEndpoint: 2, quick: ["a"] });
    times(4, () => add("a"));
    times(2, () => add("hanging"));
    expect([slots.roomOf("a", "a"), roomier()]).toEqual([0, 0]);
    await end("a");
    expect([slots.roomOf("a", "a"), roomier()]).toEqual([0, 0]);
    await end("a");
    expect([slots.roomOf("a", "a"), roomier()]).toEqual([2, 1]);
    await end("a");
    expect(roomier()).toBe(1);
  });
});

describe("an endpoint", () => {
  it("has few requests open until it has answered, then one more with each answer", async () => {
    const { slots, add, end, open } = rig({ concurrency: 100, perEndpoint: 16 });
    expect(slots.roomOf("a", "a")).toBe(8);
    times(40, () => add("a"));
    expect(open()).toHaveLength(4);
    await end();
    expect(open()).toHaveLength(5);
    for (let n = 0; n < 11; n += 1) await end();
    expect(open()).toHaveLength(16);
  });

  it("whose breaker opens gets back what waits, then one request at a time", async () => {
    const { slots, add, endRequest, open, released } = rig({ concurrency: 100, perEndpoint: 8, quick: ["a"] });
    times(14, () => add("a"));
    const writes: (() => Promise<void>)[] = [];
    for (let n = 0; n < 4; n += 1) writes.push(await endRequest("a", false));
    expect([open().length, released]).toEqual([8, []]);
    writes.push(await endRequest("a", false));
    expect([open().length, released]).toEqual([
      7,
      [
        ["a", null],
        ["a", null],
      ],
    ]);
    expect([slots.rooms().get("a"), slots.roomOf("a", "a")]).toEqual([0, 0]);
    for (let n = 0; n < 7; n += 1) writes.push(await endRequest("a", false));
    expect([open().length, slots.rooms().get("a"), slots.roomOf("a", "a")]).toEqual([0, 0, 0]);
    for (const write of writes) await write();
    expect([open().length, slots.rooms().get("a"), slots.roomOf("a", "a")]).toEqual([0, 1, 1]);
    times(2, () => add("a"));
    expect([open().length, slots.roomOf("a", "a"), released.length]).toEqual([1, 0, 3]);
    await endRequest("a");
    expect([open().length, slots.roomOf("a", "a")]).toEqual([0, 8]);
  });

  it("has less than its limit while others have more than half, so that even many at once leave slots", () => {
    const quick = many(32);
    const { add, open } = rig({ concurrency: 256, perEndpoint: 16, quick });
    for (const id of quick.slice(0, 8)) times(16, () => add(id));
    expect(open()).toHaveLength(128);
    for (const id of quick.slice(8)) times(16, () => add(id));
    expect(open().length).toBeLessThanOrEqual(248);
  });
});

describe("the share", () => {
  it("of a new endpoint is one request once a quarter of all is open to new and slow ones", () => {
    const { add, open } = rig({ concurrency: 256, perEndpoint: 16 });
    for (const id of many(100)) times(4, () => add(id));
    expect(open()).toHaveLength(16 * 4 + 84);
  });

  it("of new and slow endpoints is three quarters, whatever comes", () => {
    const { slots, add, open, released } = rig({ concurrency: 256, perEndpoint: 16, quick: ["quick"] });
    for (const id of many(1_000)) times(4, () => add(id));
    expect(open()).toHaveLength(192);
    expect(slots.room()).toBe(64);
    expect([slots.roomPerEndpoint(), slots.roomOf("new", "new")]).toEqual([1, 0]);
    expect(slots.roomOf("quick", "quick")).toBe(32);
    times(16, () => add("quick"));
    expect(open().filter((id) => id === "quick").length).toBeGreaterThanOrEqual(8);
    // Some wait, and the rest comes back with a hold for its endpoint.
    expect(released.length).toBeGreaterThan(4_000 - 192 - 2 * 256);
    expect(new Set(released.map(([, holdMs]) => holdMs))).toEqual(new Set([1_000]));
  });

  it("of slow endpoints is half: what hangs for a second leaves a quarter to new ones, also when it ends", async () => {
    const { add, end, open, pass } = rig({ concurrency: 256, perEndpoint: 16 });
    const hanging = many(160);
    for (const id of hanging) times(2, () => add(id));
    expect(open()).toHaveLength(192);
    pass(15_000);
    add("new");
    for (let n = 0; n < 64; n += 1) await end(open()[0]);
    expect(open().filter((id) => id !== "new")).toHaveLength(128);
    expect(open()).toContain("new");
  });

  it("of a quick endpoint that begins to hang shrinks to that of slow ones after a second", () => {
    const quick = many(20);
    const { slots, add, open, pass } = rig({ concurrency: 40, perEndpoint: 4, quick });
    for (const id of quick.slice(0, 10)) times(2, () => add(id));
    pass(1_001);
    for (const id of quick.slice(0, 10)) add(id);
    expect(open()).toHaveLength(20);
    for (const id of quick.slice(10)) add(id);
    expect(open()).toHaveLength(30);
    expect([slots.rooms().get("many0"), slots.rooms().get("many15")]).toEqual([0, 7]);
  });

  it("of an origin is perOrigin over all its endpoints, and what waits for it takes nothing from others", async () => {
    const origin = "https://hooks.example.com";
    const quick = many(100);
    const { slots, add, end, open } = rig({
      concurrency: 64,
      perEndpoint: 8,
      perOrigin: 8,
      quick: [...quick, "other"],
    });
    for (const id of quick) add(id, { origin });
    expect(open()).toHaveLength(8);
    expect([slots.room(), slots.roomOf("many99", origin), slots.roomOf("other", "other")]).toEqual([56, 0, 16]);
    times(16, () => add("other"));
    expect(open()).toHaveLength(16);
    await end("many0");
    expect(open().filter((id) => id.startsWith("many"))).toHaveLength(8);
  });
});
