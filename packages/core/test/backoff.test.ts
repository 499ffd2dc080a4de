import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRetryAfter, parseSchedule, retryDelayMs, schedules } from "../src/backoff.ts";
import { OuthookError } from "../src/errors.ts";

const day = 24 * 60 * 60 * 1_000;
const now = Date.UTC(2026, 10, 21, 12, 0, 0);

function refusalOf(seconds: unknown): OuthookError {
  try {
    parseSchedule(seconds);
  } catch (error) {
    if (error instanceof OuthookError) return error;
    throw error;
  }
  throw new Error("the schedule was accepted");
}

describe("schedules", () => {
  it.each([
    { name: "default", schedule: schedules.default, retries: 5, seconds: 7 * 3_600 + 21 * 60 },
    { name: "standardWebhooks", schedule: schedules.standardWebhooks, retries: 9, seconds: 75 * 3_600 + 35 * 60 + 5 },
    { name: "svix", schedule: schedules.svix, retries: 7, seconds: 27 * 3_600 + 35 * 60 + 5 },
  ])("$name has $retries retries over $seconds s and cannot be changed", ({ schedule, retries, seconds }) => {
    expect(schedule).toHaveLength(retries);
    expect(schedule.reduce((sum, delay) => sum + delay, 0)).toBe(seconds);
    expect(parseSchedule(schedule)).toEqual(schedule);
    expect(Object.isFrozen(schedule) && Object.isFrozen(schedules)).toBe(true);
  });
});

describe("parseSchedule", () => {
  it.each([
    { seconds: [] },
    { seconds: [0] },
    { seconds: [0.05, 0.1] },
    { seconds: [2_592_000] },
    { seconds: Array.from({ length: 50 }, () => 1) },
  ])("accepts $seconds", ({ seconds }) => expect(parseSchedule(seconds)).toEqual(seconds));

  it("keeps its own copy", () => {
    const seconds = [60];
    const schedule = parseSchedule(seconds);
    seconds.push(300);
    expect(schedule).toEqual([60]);
  });

  const param = "retry.scheduleSeconds";
  it.each([
    { seconds: undefined, place: param, says: "is undefined; give the seconds before each retry" },
    { seconds: null, place: param, says: "is null;" },
    { seconds: 60, place: param, says: "is 60;" },
    { seconds: `1 min\n${"x".repeat(100)}`, place: param, says: 'is "1 min\\nxxx' },
    { seconds: { 0: 60 }, place: param, says: "is an object;" },
    {
      seconds: Array.from({ length: 51 }, () => 1),
      place: `${param}.length`,
      says: "is 51; a schedule has at most 50 retries",
    },
    {
      seconds: [60, -1],
      place: `${param}[1]`,
      says: "is -1; a delay is a number of seconds from 0 to 2592000 (30 days)",
    },
    { seconds: [NaN], place: `${param}[0]`, says: "is NaN;" },
    { seconds: [Infinity], place: `${param}[0]`, says: "is Infinity;" },
    { seconds: [2_592_000.5], place: `${param}[0]`, says: "is 2592000.5;" },
    { seconds: ["60"], place: `${param}[0]`, says: 'is "60";' },
    { seconds: [60n], place: `${param}[0]`, says: "is a BigInt;" },
    { seconds: Array(1), place: `${param}[0]`, says: "is undefined;" },
    { seconds: [60, undefined, 300], place: `${param}[1]`, says: "is undefined;" },
  ])("refuses $seconds and names the place", ({ seconds, place, says }) => {
    const error = refusalOf(seconds);
    expect(error).toMatchObject({ code: "invalid_options", param: place });
    expect(error.message).toContain(`${place} ${says}`);
  });
});

describe("parseRetryAfter", () => {
  it.each([
    { header: "120", ms: 120_000 },
    { header: " 120\t", ms: 120_000 },
    { header: "0", ms: 0 },
    { header: "007", ms: 7_000 },
    { header: "1.5", ms: 1_500 },
    { header: "0.0001", ms: 1 },
    { header: "86400", ms: day },
    { header: "86401", ms: day },
    { header: "1000000000000", ms: day },
    { header: "1e12", ms: day },
    { header: "1E+3", ms: 1_000_000 },
    { header: "9".repeat(40), ms: day },
    { header: "Sat, 21 Nov 2026 12:02:00 GMT", ms: 120_000 },
    { header: "Saturday, 21-Nov-26 12:02:00 GMT", ms: 120_000 },
    { header: "Sat Nov 21 12:02:00 2026", ms: 120_000 },
    { header: "Sun Nov 22 00:00:00 2026", ms: day / 2 },
    { header: "Wed, 21 Oct 2099 07:28:00 GMT", ms: day },
    { header: "Wednesday, 21-Oct-76 07:28:00 GMT", ms: day },
    { header: "Sat, 21 Nov 2026 12:00:00 GMT", ms: 0 },
    { header: "Wed, 21 Oct 2015 07:28:00 GMT", ms: 0 },
    { header: "Wednesday, 21-Oct-77 07:28:00 GMT", ms: 0 },
    { header: "Sun Nov  6 08:49:37 1994", ms: 0 },
    { header: "Sat, 29 Feb 2020 23:59:60 GMT", ms: 0 },
  ])("reads $header as $ms ms", ({ header, ms }) => expect(parseRetryAfter(header, now)).toBe(ms));

  it.each([
    { header: null },
    { header: "" },
    { header: " " },
    { header: "-5" },
    { header: "+5" },
    { header: "soon" },
    { header: "120s" },
    { header: "1,5" },
    { header: "120, 120" },
    { header: ".5" },
    { header: "5." },
    { header: "1e-3" },
    { header: "0x10" },
    { header: "NaN" },
    { header: "Infinity" },
    { header: "١٢٠" },
    { header: "2026-11-21T12:02:00Z" },
    { header: "21 Nov 2026 12:02:00 GMT" },
    { header: "Sat, 21 Nov 2026 12:02:00 UTC" },
    { header: "Sat, 21 Nov 2026 12:02:00" },
    { header: "Sat, 21 Nov 2026 12:02:00 +0100" },
    { header: "Sat, 21 Nov 26 12:02:00 GMT" },
    { header: "Sat, 31 Nov 2026 12:02:00 GMT" },
    { header: "Sat, 00 Nov 2026 12:02:00 GMT" },
    { header: "Sun, 29 Feb 2027 12:02:00 GMT" },
    { header: "Sat, 21 Nuv 2026 12:02:00 GMT" },
    { header: "Xat, 21 Nov 2026 12:02:00 GMT" },
    { header: "Sat, 21 Nov 2026 24:00:00 GMT" },
    { header: "Sat, 21 Nov 2026 12:60:00 GMT" },
    { header: "Sat, 21 Nov 2026 12:02:61 GMT" },
    { header: "Sat, 21 Nov 2026 12:02:00 GMT, 120" },
  ])("takes no wait from $header", ({ header }) => expect(parseRetryAfter(header, now)).toBeNull());

  it("reads a date in each form as the instant that it was made from", () => {
    const instants = fc.integer({ min: now, max: now + day }).map((ms) => new Date(Math.floor(ms / 1_000) * 1_000));
    fc.assert(
      fc.property(instants, (instant) => {
        const fixdate = instant.toUTCString();
        const [, dayOfMonth = "", month = "", year = "", time = ""] = fixdate.split(" ");
        const weekday = instant.toLocaleDateString("en-US", { weekday: "long", timeZone: "UTC" });
        const forms = [
          fixdate,
          `${weekday}, ${dayOfMonth}-${month}-${year.slice(2)} ${time} GMT`,
          `${fixdate.slice(0, 3)} ${month} ${dayOfMonth.replace(/^0/, " ")} ${time} ${year}`,
        ];
        const ms = Math.max(0, instant.getTime() - now);
        expect(forms.map((form) => parseRetryAfter(form, now))).toEqual([ms, ms, ms]);
      }),
    );
  });

  it("stays between 0 and 24 h in whole milliseconds, whatever the header says", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.double().map(String), fc.date().map(String)), (header) => {
        const ms = parseRetryAfter(header, now);
        expect(ms === null || (Number.isInteger(ms) && ms >= 0 && ms <= day)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("retryDelayMs", () => {
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  it("waits the schedule's delay and at most 10 % more, in whole milliseconds", () => {
    const delays = fc.array(fc.double({ min: 0, max: 2_592_000, noNaN: true }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(delays, fc.nat(), random, (scheduleSeconds, pick, jitter) => {
        const retry = pick % scheduleSeconds.length;
        const base = (scheduleSeconds[retry] ?? NaN) * 1_000;
        const ms = retryDelayMs({ scheduleSeconds, retry, retryAfterMs: null, random: () => jitter });
        expect(Number.isInteger(ms)).toBe(true);
        expect(ms).toBeGreaterThanOrEqual(base);
        expect(ms).toBeLessThanOrEqual(Math.ceil(base * 1.1));
      }),
    );
  });

  it("waits longer when the receiver asks for it and never shorter", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: day }), random, (retryAfterMs, jitter) => {
        const wait = { scheduleSeconds: schedules.default, retry: 2, random: () => jitter };
        const planned = retryDelayMs({ ...wait, retryAfterMs: null });
        expect(retryDelayMs({ ...wait, retryAfterMs })).toBe(Math.max(planned, retryAfterMs));
      }),
    );
  });

  it("gives the default schedule's attempts at 0, 1 min, 6 min, 21 min, 1 h 21 min and 7 h 21 min", () => {
    const delays = schedules.default.map((_, retry) =>
      retryDelayMs({ scheduleSeconds: schedules.default, retry, retryAfterMs: null, random: () => 0 }),
    );
    const minutes = delays.map((_, index) => delays.slice(0, index + 1).reduce((sum, ms) => sum + ms, 0) / 60_000);
    expect(minutes).toEqual([1, 6, 21, 81, 441]);
  });

  it("refuses a retry past the end instead of making one up", () => {
    expect(() => retryDelayMs({ scheduleSeconds: [60], retry: 1, retryAfterMs: null, random: () => 0 })).toThrow(
      "retry 1 is not in a schedule of 1 retries",
    );
  });
});
