import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { many, rig, times } from "./fixtures/slot-rig.ts";

function originOf(endpointId: string): string {
  return endpointId < "c" ? "https://one.example" : "https://two.example";
}

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

  it("go on while what has ended is written down, until four times as much as may be open is not", async () => {
    const { slots, add, endRequest, open, started } = rig({ concurrency: 1, perEndpoint: 1, quick: ["a"] });
    times(6, () => add("a"));
    const writes = [];
    for (let ended = 0; ended < 4; ended += 1) writes.push(await endRequest());
    expect([open(), started.length]).toEqual([["a"], 5]);
    writes.push(await endRequest());
    expect([open(), slots.open()]).toEqual([[], 0]);
    await writes.shift()?.();
    expect([open(), started.length]).toEqual([["a"], 6]);
    for (const write of writes) await write();
  });

  it("are worth filling by little while some are free, and by much while all are taken", () => {
    const quick = Array.from({ length: 40 }, (_, n) => `q${n}`);
    const { slots, add } = rig({ concurrency: 64, perEndpoint: 8, perOrigin: 8, quick: [...quick, "other"] });
    for (const id of quick) times(8, () => add(id, { origin: "https://shared.example.com" }));
    // What waits for one origin must not keep others from coming.
    expect([slots.open(), slots.room(), slots.worthwhile()]).toEqual([8, 64, 1]);
    const full = rig({ concurrency: 64, perEndpoint: 8, quick });
    for (const id of quick) times(8, () => full.add(id));
    expect([full.slots.open(), full.slots.worthwhile()]).toEqual([64, 128]);
  });

  it("wait for at most 256 to be written down", async () => {
    const { add, endRequest, started } = rig({ concurrency: 200, perEndpoint: 200, quick: ["a"] });
    times(600, () => add("a"));
    for (let ended = 0; ended < 400; ended += 1) await endRequest();
    expect(started.length).toBe(456);
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
    const { slots, add, endRequest, open, pass, released } = rig({ concurrency: 100, perEndpoint: 8, quick: ["a"] });
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
    // Until its hold is over, the store has nothing of it to claim.
    expect([open().length, slots.rooms().get("a"), slots.roomOf("a", "a")]).toEqual([0, undefined, 1]);
    pass(1_000);
    expect(slots.rooms().get("a")).toBe(1);
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
