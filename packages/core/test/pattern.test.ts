import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isOuthookError } from "../src/errors.ts";
import type { Pattern } from "../src/pattern.ts";
import { eventTypeFault, isEventType, matchesPattern, parsePattern } from "../src/pattern.ts";
import { shown } from "../src/shown.ts";

const segment = fc.stringMatching(/^[A-Za-z0-9_]{1,6}$/);
const eventType = fc.array(segment, { minLength: 1, maxLength: 5 }).map((segments) => segments.join("."));

function refusalOf(text: unknown, param = "events[0]"): { code: string; param: string | null; message: string } {
  try {
    parsePattern(text, param);
  } catch (error) {
    if (isOuthookError(error)) return { code: error.code, param: error.param, message: error.message };
    throw error;
  }
  throw new Error(`accepted: ${String(text)}`);
}

function isParsed(text: string): boolean {
  try {
    parsePattern(text, "events[0]");
    return true;
  } catch (error) {
    if (isOuthookError(error) && error.code === "invalid_events") return false;
    throw error;
  }
}

function refusalTime(text: string): number {
  const startedAt = performance.now();
  expect(isEventType(text)).toBe(false);
  expect(() => parsePattern(text, "events[0]")).toThrow("at most 256 are allowed");
  return performance.now() - startedAt;
}

describe("isEventType", () => {
  it.each(["loan", "loan.active", "kyc.result.manual_review", "A.b.C", "1.2.3", "_", "__proto__", "a".repeat(256)])(
    "accepts %s",
    (text) => {
      expect(isEventType(text)).toBe(true);
      expect(eventTypeFault(text)).toBeNull();
    },
  );

  it.each([
    { text: "", fault: "is empty" },
    { text: "user created", fault: 'has " " (U+0020) at position 5' },
    { text: "user.*", fault: 'has "*" at position 6' },
    { text: ".a", fault: "starts with a dot" },
    { text: "a.", fault: "ends with a dot" },
    { text: "a..b", fault: "has two dots in a row at position 2" },
    { text: "üser", fault: 'has "ü" (U+00FC) at position 1' },
    { text: "user-created", fault: 'has "-" at position 5' },
    { text: "user\u200bcreated", fault: 'has "\\u{200b}" (U+200B) at position 5' },
    { text: "pay😀", fault: 'has "😀" (U+1F600) at position 4' },
    { text: "a\ud800", fault: 'has "\\ud800" (U+D800) at position 2' },
    { text: " loan", fault: "starts or ends with white space" },
    { text: "loan\n", fault: "starts or ends with white space" },
    { text: "a".repeat(257), fault: "has 257 characters; at most 256 are allowed" },
  ])("refuses $text, and says that it $fault", ({ text, fault }) => {
    expect(isEventType(text)).toBe(false);
    expect(eventTypeFault(text)?.slice(0, fault.length)).toBe(fault);
  });

  it.each(["a", "a.", ".", "*", " ", "é"])(
    "refuses 10 MB of %j in less than a millisecond, also as a pattern",
    (unit) => {
      const text = unit.repeat(10_000_000 / unit.length);
      const tookMs = Math.min(...Array.from({ length: 5 }, () => refusalTime(text)));
      expect(tookMs).toBeLessThan(1);
      expect(refusalOf(text).message.length).toBeLessThan(200);
    },
  );
});

describe("parsePattern", () => {
  it.each<{ text: string; pattern: Pattern }>([
    { text: "*", pattern: { kind: "all" } },
    { text: "loan", pattern: { kind: "exact", type: "loan" } },
    { text: "loan.active", pattern: { kind: "exact", type: "loan.active" } },
    { text: "loan.*", pattern: { kind: "prefix", prefix: "loan" } },
    { text: "kyc.result.*", pattern: { kind: "prefix", prefix: "kyc.result" } },
    { text: "a".repeat(256), pattern: { kind: "exact", type: "a".repeat(256) } },
    { text: `${"a".repeat(254)}.*`, pattern: { kind: "prefix", prefix: "a".repeat(254) } },
  ])("reads $text", ({ text, pattern }) => {
    expect(parsePattern(text, "events[0]")).toEqual(pattern);
  });

  it.each([
    { text: "loan.", hint: 'ends with a dot; did you mean "loan.*"?' },
    { text: "kyc.result.", hint: 'did you mean "kyc.result.*"?' },
    {
      text: "loan.pay*",
      hint: 'wildcards stand for whole segments, at the end; use "loan.*", or list the exact event',
    },
    {
      text: "us*r.created",
      hint: 'whole segments, at the end, as in "loan.*"; list the exact event types, or use "*"',
    },
    { text: "*.created", hint: 'whole segments, at the end, as in "loan.*"; list the exact event types, or use "*"' },
    { text: "a.*.b", hint: 'use "a.*"' },
    { text: "a.b*.c.*", hint: 'use "a.*"' },
    { text: "**", hint: 'did you mean "*"?' },
    { text: "*.*", hint: 'did you mean "*"?' },
    { text: "loan.**", hint: 'use "loan.*"' },
    { text: "loan.*.*", hint: 'use "loan.*"' },
    { text: ".*", hint: 'did you mean "*"?' },
    { text: "", hint: "is empty" },
    { text: " loan.active", hint: "starts or ends with white space; remove it" },
    { text: "loan.* ", hint: "starts or ends with white space; remove it" },
    { text: " ", hint: "starts or ends with white space; remove it" },
    { text: "user..created", hint: "two dots in a row at position 5" },
    { text: "user..*", hint: "two dots in a row at position 5" },
    { text: "*.", hint: "ends with a dot; a segment must follow it" },
    { text: ".user", hint: "starts with a dot" },
    { text: ".", hint: "starts with a dot" },
    { text: "(a+)+$", hint: 'has "(" at position 1' },
    { text: "loan/*", hint: 'has "/" at position 5' },
    { text: "user.{created,deleted}", hint: 'has "{" at position 6' },
    { text: "user created", hint: 'has " " (U+0020) at position 5' },
    { text: "user\ncreated", hint: 'has "\\n" (U+000A) at position 5' },
    { text: "üser.created", hint: 'has "ü" (U+00FC) at position 1' },
    { text: "a".repeat(257), hint: "has 257 characters; at most 256 are allowed" },
    { text: `${"a".repeat(255)}.*`, hint: "has 257 characters; at most 256 are allowed" },
  ])("refuses $text with a hint: $hint", ({ text, hint }) => {
    const { code, param, message } = refusalOf(text, "events[2]");
    expect({ code, param }).toEqual({ code: "invalid_events", param: "events[2]" });
    expect(message).toContain(`events[2] ${shown(text)} `);
    expect(message).toContain(hint);
  });

  it.each([
    { value: 42, name: "42" },
    { value: null, name: "null" },
    { value: undefined, name: "undefined" },
    { value: ["loan.*"], name: "an array" },
    { value: { toString: () => "*" }, name: "an object" },
    { value: 10n, name: "a BigInt" },
    { value: Symbol("loan"), name: "a symbol" },
  ])("refuses $name because a pattern is a string", ({ value, name }) => {
    expect(refusalOf(value)).toMatchObject({
      code: "invalid_events",
      message: expect.stringContaining(`events[0] is ${name}; a pattern is a string`),
    });
  });

  it("takes exactly the event types, the event types followed by .*, and *", () => {
    const text = fc.oneof(eventType, fc.stringMatching(/^[a.* -]{0,8}$/), fc.string());
    fc.assert(
      fc.property(text, (candidate) => {
        const allowed = candidate === "*" || isEventType(candidate.replace(/\.\*$/, ""));
        expect(isParsed(candidate)).toBe(allowed);
      }),
      { numRuns: 2_000 },
    );
  });

  it("shows at most 60 characters of what it refuses, none of them invisible", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 80 }), fc.nat(60), (text, padding) => {
        const quoted = shown("a".repeat(padding) + text);
        expect(quoted.length).toBeLessThanOrEqual(62);
        expect(quoted).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
      }),
    );
  });

  it.each([
    { text: "a".repeat(60), quoted: `"${"a".repeat(60)}"` },
    { text: "a".repeat(61), quoted: `"${"a".repeat(59)}…"` },
    { text: `${"a".repeat(58)}😀`, quoted: `"${"a".repeat(58)}😀"` },
    { text: `${"a".repeat(58)}😀b`, quoted: `"${"a".repeat(58)}…"` },
    { text: `${"a".repeat(59)}😀`, quoted: `"${"a".repeat(59)}…"` },
    { text: `${"a".repeat(57)}\u0000`, quoted: `"${"a".repeat(57)}…"` },
    { text: 'say "hi"\t\u202e', quoted: '"say "hi"\\t\\u{202e}"' },
  ])("shows $quoted", ({ text, quoted }) => {
    expect(shown(text)).toBe(quoted);
  });
});

describe("matchesPattern", () => {
  it.each([
    { pattern: "*", type: "loan", matches: true },
    { pattern: "*", type: "a.b.c", matches: true },
    { pattern: "loan.active", type: "loan.active", matches: true },
    { pattern: "loan.active", type: "loan.Active", matches: false },
    { pattern: "loan.active", type: "loan.active.again", matches: false },
    { pattern: "loan.*", type: "loan.active", matches: true },
    { pattern: "loan.*", type: "loan.terms.updated", matches: true },
    { pattern: "loan.*", type: "loan", matches: false },
    { pattern: "loan.*", type: "loans.active", matches: false },
    { pattern: "kyc.*", type: "kyc.result.pending", matches: true },
    { pattern: "kyc.result.*", type: "kyc.result", matches: false },
    { pattern: "credit_offer.*", type: "credit.offer.available", matches: false },
    { pattern: "loan.*", type: "big.loan.active", matches: false },
  ])("$pattern matches $type: $matches", ({ pattern, type, matches }) => {
    expect(matchesPattern(parsePattern(pattern, "events[0]"), type)).toBe(matches);
  });

  it("matches every type by its own name and by the prefix pattern at each of its dots, and only there", () => {
    fc.assert(
      fc.property(eventType, eventType, (type, other) => {
        expect(matchesPattern(parsePattern(type, "events[0]"), other)).toBe(type === other);
        const segments = other.split(".");
        const below = segments.some((_, index) => index > 0 && segments.slice(0, index).join(".") === type);
        expect(matchesPattern(parsePattern(`${type}.*`, "events[0]"), other)).toBe(below);
        expect(matchesPattern(parsePattern(`${type}.*`, "events[0]"), `${type}.${other}`)).toBe(true);
      }),
    );
  });
});
