import { describe, expect, it } from "vitest";
import { many, rig, times } from "./fixtures/slot-rig.ts";

const isOf = (group: string) => (id: string) => id.startsWith(group);

describe("the share", () => {
  it("of a new endpoint is one request once a quarter of all is open to new and slow ones", () => {
    const { add, open } = rig({ concurrency: 256, perEndpoint: 16 });
    for (const id of many(100)) times(4, () => add(id));
    expect(open()).toHaveLength(16 * 4 + 84);
  });

  it("of new endpoints is five eighths, whatever comes", () => {
    const { slots, add, open, released } = rig({ concurrency: 256, perEndpoint: 16, quick: ["quick"] });
    for (const id of many(1_000)) times(4, () => add(id));
    expect(open()).toHaveLength(160);
    expect(slots.room()).toBe(96);
    expect([slots.roomPerEndpoint(), slots.roomOf("new", "new")]).toEqual([1, 0]);
    expect(slots.roomOf("quick", "quick")).toBe(32);
    times(16, () => add("quick"));
    expect(open().filter(isOf("quick")).length).toBeGreaterThanOrEqual(8);
    // Some wait, and the rest comes back with a hold for its endpoint.
    expect(released.length).toBeGreaterThan(4_000 - 160 - 2 * 256);
  });

  it("sends back what finds no place for as long as the oldest request has been open, and for a second at most", () => {
    const { add, released, pass } = rig({ concurrency: 64, perEndpoint: 4 });
    for (const id of many(200)) add(id);
    // In whole milliseconds, as stores keep them.
    const holds = [0, 20, 99.4, 800, 600].map((ms) => {
      pass(ms);
      add("one-more");
      return released.at(-1)?.[1];
    });
    expect(holds).toEqual([50, 50, 120, 920, 1_000]);
  });

  it("of endpoints that hang is half, and with new ones five eighths: slow ones and quick ones get on beside them", () => {
    const hanging = many(1_000);
    const { slots, add, open } = rig({ concurrency: 256, perEndpoint: 16, hanging, slow: ["slow"], quick: ["quick"] });
    for (const id of hanging) add(id);
    expect([open().length, slots.roomOf("many0", "many0")]).toEqual([128, 0]);
    for (let n = 0; n < 100; n += 1) add(`new-${n}`);
    expect([open().length, slots.roomOf("new", "new")]).toEqual([160, 0]);
    for (const id of ["slow", "quick"]) {
      expect(slots.roomOf(id, id)).toBe(32);
      times(16, () => add(id));
      expect(open().filter(isOf(id)).length).toBeGreaterThanOrEqual(8);
    }
  });

  it.each([
    { beside: "none", hanging: [] },
    { beside: "some", hanging: ["hanging-1", "hanging-2", "hanging-3", "hanging-4", "hanging-5"] },
  ])(
    "of slow endpoints beside $beside that hang is five eighths, which leaves an eighth to new ones",
    ({ hanging }) => {
      const slow = many(100);
      const { slots, add, open } = rig({ concurrency: 64, perEndpoint: 4, slow, hanging });
      for (const id of hanging) times(2, () => add(id));
      for (const id of slow) add(id);
      expect([open().length, slots.roomOf("new", "new")]).toEqual([40, 8]);
      for (let n = 0; n < 20; n += 1) add(`new-${n}`);
      expect(open().filter(isOf("new"))).toHaveLength(8);
    },
  );

  it("of a quick endpoint that begins to hang shrinks to that of slow ones after a second", () => {
    const quick = many(20);
    const { slots, add, open, pass } = rig({ concurrency: 40, perEndpoint: 4, quick });
    for (const id of quick.slice(0, 13)) times(2, () => add(id));
    pass(1_001);
    for (const id of quick.slice(0, 13)) add(id);
    expect(open()).toHaveLength(26);
    for (const id of quick.slice(13)) add(id);
    expect(open()).toHaveLength(33);
    expect([slots.rooms().get("many0"), slots.rooms().get("many15")]).toEqual([0, 7]);
  });

  it("of an endpoint that was slow for once is again that of quick ones with its next quick request", async () => {
    const slow = many(10);
    const { slots, add, end, open, pass } = rig({ concurrency: 16, perEndpoint: 4, slow, quick: ["a"] });
    times(2, () => add("a"));
    pass(1_500);
    add("a");
    await end("a");
    await end("a");
    add("a");
    await end("a");
    for (const id of slow) add(id);
    expect([open().length, slots.roomOf("many0", "many0"), slots.roomOf("a", "a")]).toEqual([11, 0, 7]);
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
    expect([slots.room(), slots.roomOf("many99", origin), slots.roomOf("other", "other")]).toEqual([284, 0, 16]);
    times(16, () => add("other"));
    expect(open()).toHaveLength(16);
    await end("many0");
    expect(open().filter(isOf("many"))).toHaveLength(8);
  });

  it("of an origin is divided like that of all: one tenant's endpoints that hang there leave some to the others'", async () => {
    const origin = "https://shared.example.com";
    const { slots, add, end, open, pass } = rig({ concurrency: 256, perEndpoint: 8, perOrigin: 16, quick: ["quick"] });
    for (const id of many(40)) add(id, { origin });
    expect([open().length, slots.roomOf("other", origin), slots.roomOf("quick", origin)]).toEqual([10, 0, 16]);
    pass(15_000);
    times(4, () => add("quick", { origin }));
    expect(open().slice(10)).toEqual(["quick", "quick", "quick", "quick"]);
    for (const id of many(10)) await end(id);
    expect([open().filter(isOf("many")).length, slots.roomOf("other", origin)]).toEqual([10, 0]);
    expect(slots.roomOf("elsewhere", "elsewhere")).toBe(8);
  });
});
