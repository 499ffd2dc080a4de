import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Slots } from "../src/slots.ts";
import { createSlots } from "../src/slots.ts";

type Rig = {
  readonly slots: Slots;
  readonly add: (endpointId: string, bytes?: number) => void;
  /** Ends the oldest request that is open, and writes it down. */
  readonly end: () => Promise<void>;
  /** Ends the oldest request that is open; what it returns writes it down. */
  readonly endRequest: () => Promise<() => Promise<void>>;
  readonly open: () => readonly string[];
  readonly started: readonly string[];
  readonly released: readonly string[];
};

function rig(concurrency: number, perEndpoint: number): Rig {
  type Ended = { readonly settled: Promise<void> };
  const running: { readonly endpointId: string; readonly end: (ended: Ended) => void }[] = [];
  const started: string[] = [];
  const released: string[] = [];
  const slots = createSlots({ concurrency, perEndpoint, onEnd: () => undefined });
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  const endRequest = async () => {
    let write = (): void => undefined;
    const settled = new Promise<void>((resolve) => {
      write = resolve;
    });
    running.shift()?.end({ settled });
    await turn();
    return async () => {
      write();
      await turn();
    };
  };
  return {
    slots,
    add: (endpointId, bytes = 0) =>
      slots.add({
        endpointId,
        bytes,
        run: () => {
          started.push(endpointId);
          return new Promise((end) => running.push({ endpointId, end }));
        },
        release: () => released.push(endpointId),
      }),
    endRequest,
    end: async () => (await endRequest())(),
    open: () => running.map((one) => one.endpointId),
    started,
    released,
  };
}

const times = (count: number, run: () => void): void => Array.from({ length: count }).forEach(run);

describe("slots", () => {
  it("never exceed the bounds, start nothing twice and forget nothing, whatever comes", async () => {
    const step = fc.oneof(fc.constantFrom("a", "b", "c", "d"), fc.constant("end" as const));
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 3 }),
        fc.array(step),
        async (all, one, steps) => {
          const { slots, add, end, open, started } = rig(all, one);
          let added = 0;
          for (const what of steps) {
            if (what === "end") await end();
            else if (slots.roomOf(what) > 0 && slots.room() > 0) {
              add(what);
              added += 1;
            }
            expect(open().length).toBeLessThanOrEqual(all);
            for (const endpointId of open())
              expect(open().filter((id) => id === endpointId).length).toBeLessThanOrEqual(one);
            expect(slots.open()).toBe(open().length);
          }
          while (open().length > 0) await end();
          expect(started).toHaveLength(added);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("start the next request of an endpoint the moment one ends", async () => {
    const { add, end, open } = rig(10, 2);
    times(3, () => add("a"));
    expect(open()).toEqual(["a", "a"]);
    await end();
    expect(open()).toEqual(["a", "a"]);
  });

  it("count what is not written down yet as in flight, and as no request of its endpoint", async () => {
    const { slots, add, endRequest, open } = rig(2, 1);
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
    const { add, end, started } = rig(2, 2);
    times(4, () => add("a"));
    times(2, () => add("b"));
    times(2, () => add("c"));
    while (started.length < 8) await end();
    expect(started.slice(2, 5).toSorted()).toEqual(["a", "b", "c"]);
  });

  it("leave room for other endpoints however much waits for a slow one", () => {
    const { slots, add } = rig(4, 1);
    times(4, () => add("slow"));
    expect(slots.roomOf("slow")).toBe(0);
    expect(slots.anyFull()).toBe(true);
    expect(slots.room()).toBeGreaterThanOrEqual(3);
    expect([slots.roomOf("other"), slots.occupied().get("slow")]).toEqual([slots.roomPerEndpoint, 0]);
  });

  it("have no room while the bodies they hold are large", async () => {
    const { slots, add, end } = rig(100, 100);
    times(32, () => add("a", 1024 * 1024));
    expect(slots.room()).toBe(0);
    await end();
    expect(slots.room()).toBeGreaterThan(0);
  });

  it("give back what waits, and only that", async () => {
    const { slots, add, end, released, started } = rig(1, 1);
    times(3, () => add("a"));
    slots.releaseWaiting();
    expect(released).toHaveLength(2);
    await end();
    expect([started.length, slots.open(), slots.room()]).toEqual([1, 0, 2]);
  });
});
