import { describe, expect, it } from "vitest";
import type { Breaker, Ended } from "../src/breaker.ts";
import { breakerAfter, isAnswer, longestHoldOf } from "../src/breaker.ts";
import { createBreakers } from "../src/breakers.ts";
import type { Outcome } from "../src/model.ts";

const longestHoldMs = 60_000;

type Step = Ended["answered"] | { readonly startedAt: number };

/** Requests one after the other, ten milliseconds each unless they say when they began; `true` for an answer. */
function after(
  steps: readonly Step[],
  perEndpoint = 16,
): { readonly breaker: Breaker | undefined; readonly at: number } {
  let at = 0;
  let breaker: Breaker | undefined;
  for (const step of steps) {
    const startedAt = typeof step === "object" ? step.startedAt : at + 1;
    at += 10;
    ({ breaker } = breakerAfter(
      breaker,
      { startedAt, endedAt: at, answered: step === true },
      { perEndpoint, longestHoldMs },
    ));
  }
  return { breaker, at };
}

const failures = (count: number): readonly Step[] => Array.from({ length: count }, () => false);
const answers = (count: number): readonly Step[] => Array.from({ length: count }, () => true);

describe("a breaker", () => {
  it.each([
    { after: "an answer", steps: answers(1), limit: 5, holdMs: 0 },
    { after: "two answers", steps: answers(2), limit: 6, holdMs: 0 },
    { after: "many answers", steps: answers(100), limit: 16, holdMs: 0 },
    { after: "a failure", steps: failures(1), limit: 4, holdMs: 0 },
    { after: "four failures", steps: failures(4), limit: 4, holdMs: 0 },
    { after: "four failures among answers", steps: [...answers(9), ...failures(4)], limit: 13, holdMs: 0 },
    { after: "five failures", steps: failures(5), limit: 1, holdMs: 1_000 },
    { after: "five failures after answers", steps: [...answers(100), ...failures(5)], limit: 1, holdMs: 1_000 },
    { after: "five with an answer among them", steps: [...failures(4), true, ...failures(4)], limit: 5, holdMs: 0 },
    { after: "a probe that failed", steps: failures(6), limit: 1, holdMs: 2_000 },
    { after: "more of them", steps: failures(10), limit: 1, holdMs: 32_000 },
    { after: "many of them", steps: failures(100), limit: 1, holdMs: 60_000 },
    { after: "a probe that was answered", steps: [...failures(9), true], limit: 4, holdMs: 0 },
    { after: "five more after that", steps: [...failures(9), true, ...failures(5)], limit: 1, holdMs: 1_000 },
    { after: "a failure of before", steps: [...failures(5), { startedAt: 30 }], limit: 1, holdMs: 1_000 },
    { after: "a failure since it opened", steps: [...failures(5), { startedAt: 51 }], limit: 1, holdMs: 2_000 },
  ])("allows $limit requests and holds for $holdMs ms after $after", ({ steps, limit, holdMs }) => {
    expect(after(steps).breaker).toMatchObject({ limit, holdMs });
  });

  it.each([1, 2, 3, 4, 5])("never allows more than perEndpoint, here %i", (perEndpoint) => {
    expect(after(answers(1), perEndpoint).breaker?.limit).toBe(Math.min(5, perEndpoint));
    expect(after(answers(50), perEndpoint).breaker?.limit).toBe(perEndpoint);
    expect(after(failures(1), perEndpoint).breaker?.limit).toBe(Math.min(4, perEndpoint));
  });

  it("remembers how long the last request took, whatever came of it", () => {
    const { breaker } = after(answers(3));
    const bounds = { perEndpoint: 16, longestHoldMs };
    for (const answered of [true, false]) {
      const ended = { startedAt: 100, endedAt: 1_350, answered };
      expect(breakerAfter(breaker, ended, bounds).breaker.tookMs).toBe(1_250);
      expect(breakerAfter(undefined, ended, bounds).breaker.tookMs).toBe(1_250);
    }
  });
});

describe("the longest hold", () => {
  it.each([
    { schedule: [60, 300, 21_600], longest: 60_000 },
    { schedule: [], longest: 60_000 },
    { schedule: [5, 20, 10], longest: 20_000 },
    { schedule: [0.1, 0.2], longest: 200 },
    { schedule: [1.1, 4.35], longest: 4_350 },
    { schedule: [0.2801], longest: 281 },
    { schedule: [0], longest: 100 },
  ])("is $longest ms with retries after $schedule s, and no hold is longer", ({ schedule, longest }) => {
    expect(longestHoldOf(schedule)).toBe(longest);
    const bounds = { perEndpoint: 16, longestHoldMs: longest };
    let breaker: Breaker | undefined;
    for (let at = 1; at <= 20; at += 1) {
      ({ breaker } = breakerAfter(breaker, { startedAt: at, endedAt: at, answered: false }, bounds));
      expect(breaker.holdMs).toBeLessThanOrEqual(longest);
    }
    expect(breaker?.holdMs).toBe(longest);
  });
});

describe("an answer", () => {
  const response = (statusCode: number): Outcome => ({ kind: "response", statusCode, retryAfter: null, body: "" });

  it.each([200, 204, 301, 400, 401, 404, 410, 422, 499])("is a %i", (statusCode) => {
    expect(isAnswer(response(statusCode))).toBe(true);
  });

  it.each([429, 500, 502, 503, 504, 599])("is not a %i", (statusCode) => {
    expect(isAnswer(response(statusCode))).toBe(false);
  });

  it("is not an error of the transport", () => {
    expect(isAnswer({ kind: "error", errorClass: "timeout", message: "" })).toBe(false);
    expect(isAnswer({ kind: "local", message: "" })).toBe(false);
  });
});

describe("breakers", () => {
  it("hold an endpoint each time that its breaker opens or a probe fails, and not otherwise", () => {
    const breakers = createBreakers({ perEndpoint: 16, longestHoldMs });
    const note = (startedAt: number, answered = false) =>
      breakers.note("a", { startedAt, endedAt: startedAt + 5, answered });
    expect([1, 2, 3, 4].map((at) => note(at))).toEqual([null, null, null, null]);
    expect(note(5)).toBe(1_000);
    expect(note(6)).toBeNull();
    expect([note(20), note(21), note(30)]).toEqual([2_000, null, 4_000]);
    expect(note(7, true)).toBeNull();
    expect(breakers.of("b")).toBeUndefined();
  });

  it("name an endpoint for the minute after its hold, in which it is claimed of if it has anything", () => {
    const breakers = createBreakers({ perEndpoint: 16, longestHoldMs });
    const note = (at: number, answered: boolean) => breakers.note("a", { startedAt: at, endedAt: at, answered });
    for (let n = 1; n <= 5; n += 1) note(100, false);
    expect([100, 1_099, 1_100, 61_099, 61_100].map((now) => breakers.due(now))).toEqual([[], [], ["a"], ["a"], []]);
    note(62_000, false);
    expect([62_000, 64_000].map((now) => breakers.due(now))).toEqual([[], ["a"]]);
    note(65_000, true);
    expect(breakers.due(65_000)).toEqual([]);
  });

  it("forget the endpoint that had its last request first", () => {
    const breakers = createBreakers({ perEndpoint: 16, longestHoldMs, most: 2 });
    for (const id of ["a", "b", "a", "c"]) breakers.note(id, { startedAt: 0, endedAt: 1, answered: true });
    expect(["a", "b", "c"].map((id) => breakers.of(id)?.limit)).toEqual([6, undefined, 5]);
    for (let n = 0; n < 5; n += 1) breakers.note("c", { startedAt: n, endedAt: n, answered: false });
    expect(breakers.due(1_004)).toEqual(["c"]);
    for (const id of ["d", "e"]) breakers.note(id, { startedAt: 0, endedAt: 1, answered: true });
    expect(breakers.due(1_004)).toEqual([]);
  });
});
