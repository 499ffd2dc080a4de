import { describe, expect, it } from "vitest";
import { manualClock } from "../src/index.ts";

describe("manual clock", () => {
  it("stands still until it is told to move", () => {
    const clock = manualClock(1_000);
    expect([clock.now(), clock.now(), clock.monotonic()]).toEqual([1_000, 1_000, 0]);
  });

  it("advances both scales", () => {
    const clock = manualClock(1_000);
    clock.advance(250);
    expect([clock.now(), clock.monotonic()]).toEqual([1_250, 250]);
  });

  it("sets the wall clock, back too, and leaves the monotonic scale", () => {
    const clock = manualClock(1_000);
    clock.advance(250);
    clock.set(500);
    expect([clock.now(), clock.monotonic()]).toEqual([500, 250]);
  });

  it.each([-1, Number.NaN])("refuses to advance by %d", (ms) => {
    const clock = manualClock(1_000);
    expect(() => clock.advance(ms)).toThrow("set()");
    expect(clock.now()).toBe(1_000);
  });
});
