import * as fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { createMatcher } from "../src/matcher.ts";
import { matchesPattern, readPattern } from "../src/pattern.ts";

const segments = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 4 });
const eventType = segments.map((parts) => parts.join("."));
const pattern = fc.oneof(
  eventType,
  eventType.map((type) => `${type}.*`),
  fc.constant("*"),
  fc.constantFrom("", "a.", "a*", "**", "a.*.b"),
);

describe("createMatcher", () => {
  it("gives what trying every pattern of every entry gives, each value once and in entry order", () => {
    const entries = fc.array(fc.array(pattern, { maxLength: 5 }), { maxLength: 12 });
    fc.assert(
      fc.property(entries, eventType, (lists, type) => {
        const matching = createMatcher(lists.map((patterns, value) => ({ patterns, value })));
        const naive = lists.flatMap((patterns, value) => (patterns.some((text) => wants(text, type)) ? [value] : []));
        expect(matching(type)).toEqual(naive);
      }),
      { numRuns: 1_000 },
    );
  });

  it("gives an entry with overlapping patterns once", () => {
    const matching = createMatcher([
      { patterns: ["loan.terms.*", "loan.*", "*", "loan.terms.updated", "loan.*"], value: "overlapping" },
    ]);
    expect(matching("loan.terms.updated")).toEqual(["overlapping"]);
  });

  it("keeps the order of the entries, whichever kind of pattern matched", () => {
    const matching = createMatcher([
      { patterns: ["loan.*"], value: 1 },
      { patterns: ["loan.active"], value: 2 },
      { patterns: ["customer.*"], value: 3 },
      { patterns: ["*"], value: 4 },
      { patterns: ["loan.*"], value: 5 },
    ]);
    expect(matching("loan.active")).toEqual([1, 2, 4, 5]);
  });

  it("keeps equal values of different entries apart", () => {
    expect(
      createMatcher([
        { patterns: ["*"], value: undefined },
        { patterns: ["*"], value: undefined },
      ])("loan.active"),
    ).toHaveLength(2);
  });

  it("ignores stored patterns that no longer parse, and keeps their neighbours", () => {
    const matching = createMatcher([
      { patterns: ["loan.", "loan.pay*", "x".repeat(300), "loan.active"], value: "kept" },
    ]);
    expect(matching("loan.active")).toEqual(["kept"]);
    expect(matching("loan.payment")).toEqual([]);
  });

  it("reads, of 100,000 entries, only the ones that match, and makes one lookup per segment", () => {
    let patternReads = 0;
    const valueReads: number[] = [];
    const entries = Array.from({ length: 100_000 }, (_, index) => ({
      get patterns() {
        patternReads += 1;
        return index % 10_000 === 0
          ? ["loan.terms.*", "loan.terms.updated"]
          : [`other${index}.*`, `other${index}.active`];
      },
      get value() {
        valueReads.push(index);
        return index;
      },
    }));
    const matching = createMatcher(entries);
    patternReads = 0;
    valueReads.length = 0;

    const lookups = vi.spyOn(Map.prototype, "get");
    const result = matching("loan.terms.updated.again");
    const lookupCount = lookups.mock.calls.length;
    lookups.mockRestore();

    expect(result).toEqual([0, 10_000, 20_000, 30_000, 40_000, 50_000, 60_000, 70_000, 80_000, 90_000]);
    expect(patternReads).toBe(0);
    expect(valueReads).toEqual(result);
    expect(lookupCount).toBe(4);
  });
});

function wants(text: string, type: string): boolean {
  const read = readPattern(text);
  return read !== null && matchesPattern(read, type);
}
