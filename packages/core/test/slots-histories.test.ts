import fc from "fast-check";
import { expect, it } from "vitest";
import type { Rig } from "./fixtures/slot-rig.ts";
import { many, rig, times } from "./fixtures/slot-rig.ts";

type Step =
  | { readonly do: "add"; readonly id: string; readonly bytes: number }
  | { readonly do: "end"; readonly id: string | undefined; readonly answered: boolean }
  | { readonly do: "write"; readonly which: number }
  | { readonly do: "pass"; readonly ms: number }
  | { readonly do: "release" };

const ids = ["a", "b", "c", "d", "e", "f"];
const originOf = (id: string): string => (id < "d" ? "https://shared.example" : id);
const id = fc.constantFrom(...ids);
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant("add" as const), id, bytes: fc.nat(1024 * 1024) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("end" as const),
      id: fc.option(id, { nil: undefined }),
      answered: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("write" as const), which: fc.nat(20) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.constantFrom(10, 1_500, 7_000, 70_000) }),
  },
  { weight: 1, arbitrary: fc.constant({ do: "release" as const }) },
);
const bounds = fc.record({
  concurrency: fc.integer({ min: 1, max: 12 }),
  perEndpoint: fc.integer({ min: 1, max: 5 }),
  perOrigin: fc.integer({ min: 1, max: 6 }),
});

const count = (list: readonly string[], is: (id: string) => boolean): number => list.filter(is).length;

/** What there is room for when all kinds of endpoints ask for more than they get. */
function whatFits({ slots, add, open, started }: Rig): readonly unknown[] {
  const before = started.length;
  const fresh = many(20);
  for (const one of fresh) times(2, () => add(one, { origin: "https://fresh.example" }));
  for (const one of fresh) times(2, () => add(`own-${one}`));
  times(20, () => add("quick"));
  return [open(), started.slice(before), slots.room(), slots.roomPerEndpoint(), new Map(slots.rooms())];
}

it("slots keep to their bounds in any history, let nothing rest, and are afterwards as if nothing had been", async () => {
  const run = async (
    limits: { concurrency: number; perEndpoint: number; perOrigin: number },
    history: readonly Step[],
  ) => {
    const { concurrency, perEndpoint, perOrigin } = limits;
    const used = rig({ ...limits, quick: ["quick"] });
    const { slots, add, endRequest, pass, open, started, released } = used;
    const added: string[] = [];
    const unwritten: (() => Promise<void>)[] = [];
    const write = async (which: number): Promise<void> => {
      for (const one of unwritten.splice(which % Math.max(1, unwritten.length), 1)) await one();
    };
    const end = async (endpointId: string | undefined, answered: boolean): Promise<void> => {
      if (endpointId === undefined ? open().length > 0 : open().includes(endpointId)) {
        unwritten.push(await endRequest(endpointId, answered));
      }
    };
    const check = (): void => {
      const inFlight = open().length + unwritten.length;
      expect(slots.open()).toBe(open().length);
      expect(slots.open()).toBeLessThanOrEqual(concurrency);
      expect(inFlight).toBeLessThanOrEqual(5 * concurrency);
      for (const one of ids) {
        expect(count(open(), (other) => other === one)).toBeLessThanOrEqual(perEndpoint);
        expect(count(open(), (other) => originOf(other) === originOf(one))).toBeLessThanOrEqual(perOrigin);
      }
      expect(started.length + released.length).toBeLessThanOrEqual(added.length);
      if (inFlight === 0) expect(started.length + released.length).toBe(added.length);
    };
    for (const step of history) {
      if (step.do === "add") {
        added.push(step.id);
        add(step.id, { origin: originOf(step.id), bytes: step.bytes });
      } else if (step.do === "end") await end(step.id, step.answered);
      else if (step.do === "write") await write(step.which);
      else if (step.do === "pass") pass(step.ms);
      else slots.releaseWaiting();
      check();
    }
    while (open().length > 0 || unwritten.length > 0) {
      await end(undefined, true);
      await write(0);
      check();
    }
    expect([slots.open(), slots.room()]).toEqual([0, 2 * concurrency]);
    pass(200_000);
    expect(slots.rooms().size).toBe(0);
    expect(whatFits(used)).toEqual(whatFits(rig({ ...limits, quick: ["quick"] })));
    // Nothing is left of the bytes either.
    while (open().length > 0) await (await endRequest(undefined, true))();
    add("large", { bytes: 32 * 1024 * 1024 - 1 });
    expect(slots.room()).toBeGreaterThan(0);
  };
  await fc.assert(fc.asyncProperty(bounds, fc.array(steps, { maxLength: 80 }), run), { numRuns: 200 });
});
