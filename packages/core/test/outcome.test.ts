import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { schedules } from "../src/backoff.ts";
import { settlementOf } from "../src/outcome.ts";
import type { SettlementInput, Verdict } from "../src/outcome.ts";

type AnyOutcome = SettlementInput["outcome"];
type Claimed = SettlementInput["claim"];

const now = Date.UTC(2026, 10, 21, 12, 0, 0);
const dayMs = 24 * 60 * 60 * 1_000;
const plan = { scheduleSeconds: schedules.default, maxRetries: null, random: () => 0, now };

function response(statusCode: number, retryAfter: string | null = null): AnyOutcome {
  return { kind: "response", statusCode, retryAfter, body: "" };
}

const timeout: AnyOutcome = { kind: "error", errorClass: "timeout", message: "no answer within 15 s" };
const local: AnyOutcome = { kind: "local", message: "no descriptors left" };
const lost: AnyOutcome = { kind: "lost" };

/** A verdict in words; what is left out is `null`, and the attempt is counted unless it says otherwise. */
function inWords(verdict: Verdict): string {
  if (verdict.kind === "send") return "send";
  const { next, health, holdMs, endpoint, counted } = verdict;
  const words = [
    "delayMs" in next ? `${next.status} in ${next.delayMs / 1_000} s` : next.status,
    health,
    holdMs === null ? null : `hold ${holdMs / 1_000} s`,
    endpoint,
    counted ? null : "not counted",
  ];
  return words.filter((word) => word !== null).join(", ");
}

describe("settlementOf, by outcome and lane", () => {
  const claims = {
    first: { lane: "scheduled", scheduledAttempts: 0 },
    last: { lane: "scheduled", scheduledAttempts: 5 },
    manual: { lane: "manual", scheduledAttempts: 2 },
    once: { lane: "manual", scheduledAttempts: null },
  } satisfies Record<string, Claimed>;

  const succeeded = { first: "succeeded, success", last: "succeeded, success", manual: "succeeded", once: "succeeded" };
  const retried = {
    first: "pending in 60 s, failure",
    last: "failed, exhausted",
    manual: "pending in 900 s",
    once: "failed",
  };
  const held = (seconds: number): typeof retried => ({
    first: `pending in ${Math.max(60, seconds)} s, failure, hold ${seconds} s`,
    last: `failed, exhausted, hold ${seconds} s`,
    manual: `pending in ${Math.max(900, seconds)} s, hold ${seconds} s`,
    once: `failed, hold ${seconds} s`,
  });
  const released = "released in 1 s, not counted";

  const table: readonly { readonly name: string; readonly outcome: AnyOutcome; readonly becomes: typeof retried }[] = [
    ...[200, 201, 204, 299].map((code) => ({ name: `${code}`, outcome: response(code), becomes: succeeded })),
    { name: "200 with Retry-After", outcome: response(200, "120"), becomes: succeeded },
    ...[100, 199, 300, 301, 302, 304, 307, 308, 400, 401, 404, 408, 418, 429, 500, 502, 503, 504, 599, 999].map(
      (code) => ({
        name: `${code}`,
        outcome: response(code),
        becomes: retried,
      }),
    ),
    {
      name: "410",
      outcome: response(410, "120"),
      becomes: {
        first: "failed, failure, gone",
        last: "failed, failure, gone",
        manual: "failed, gone",
        once: "failed, gone",
      },
    },
    {
      name: "500 with Retry-After: 1200",
      outcome: response(500, "1200"),
      becomes: { ...retried, first: "pending in 1200 s, failure", manual: "pending in 1200 s" },
    },
    {
      name: "301 with Retry-After: 120",
      outcome: response(301, "120"),
      becomes: { ...retried, first: "pending in 120 s, failure" },
    },
    ...[429, 502, 503, 504].flatMap((code) => [
      { name: `${code} with Retry-After: 120`, outcome: response(code, "120"), becomes: held(120) },
      { name: `${code} with Retry-After: 0`, outcome: response(code, "0"), becomes: retried },
      { name: `${code} with Retry-After: garbage`, outcome: response(code, "garbage"), becomes: retried },
    ]),
    { name: "429 with Retry-After: 5", outcome: response(429, "5"), becomes: held(5) },
    { name: "503 with a date", outcome: response(503, "Sat, 21 Nov 2026 12:30:00 GMT"), becomes: held(1_800) },
    { name: "503 with a past date", outcome: response(503, "Wed, 21 Oct 2015 07:28:00 GMT"), becomes: retried },
    { name: "503 with Retry-After: 10^12", outcome: response(503, "1000000000000"), becomes: held(86_400) },
    { name: "an error", outcome: timeout, becomes: retried },
    { name: "local", outcome: local, becomes: { first: released, last: released, manual: released, once: released } },
    {
      name: "lost",
      outcome: lost,
      becomes: { first: "send", last: "send", manual: "send", once: "failed, not counted" },
    },
  ];

  it.each(table)("$name", ({ outcome, becomes }) => {
    const verdicts = Object.entries(claims).map(
      ([name, claim]) => [name, settlementOf({ ...plan, outcome, claim })] as const,
    );
    expect(Object.fromEntries(verdicts.map(([name, verdict]) => [name, inWords(verdict)]))).toEqual(becomes);
  });

  it.each(table)("$name charges the schedule once where it is counted", ({ outcome }) => {
    for (const claim of Object.values(claims)) {
      const verdict = settlementOf({ ...plan, outcome, claim });
      if (verdict.kind === "send") continue;
      const before = claim.scheduledAttempts;
      expect(verdict.scheduledAttempts).toBe(verdict.counted && before !== null ? before + 1 : before);
    }
  });
});

describe("settlementOf after a lost attempt", () => {
  it.each([
    { lane: "scheduled", charged: 1, maxRetries: null, becomes: "send" },
    { lane: "scheduled", charged: 5, maxRetries: null, becomes: "send" },
    { lane: "scheduled", charged: 6, maxRetries: null, becomes: "failed, exhausted, not counted" },
    { lane: "scheduled", charged: 1, maxRetries: 0, becomes: "send" },
    { lane: "scheduled", charged: 2, maxRetries: 0, becomes: "failed, exhausted, not counted" },
    { lane: "scheduled", charged: 2, maxRetries: 2, becomes: "send" },
    { lane: "scheduled", charged: 3, maxRetries: 2, becomes: "failed, exhausted, not counted" },
    { lane: "manual", charged: 6, maxRetries: null, becomes: "failed, not counted" },
    { lane: "manual", charged: null, maxRetries: null, becomes: "failed, not counted" },
  ] as const)("with $charged charged in the $lane lane and $maxRetries retries: $becomes", (row) => {
    const claim = { lane: row.lane, scheduledAttempts: row.charged };
    expect(inWords(settlementOf({ ...plan, outcome: lost, claim, maxRetries: row.maxRetries }))).toBe(row.becomes);
  });
});

describe("settlementOf and maxRetries", () => {
  it.each([
    { maxRetries: 0, waits: [] },
    { maxRetries: 2, waits: [60, 300] },
    { maxRetries: 5, waits: [60, 300, 900, 3_600, 21_600] },
    { maxRetries: 9, waits: [60, 300, 900, 3_600, 21_600] },
    { maxRetries: null, waits: [60, 300, 900, 3_600, 21_600] },
  ])("$maxRetries waits $waits s", ({ maxRetries, waits }) => {
    const seen: number[] = [];
    let scheduledAttempts: number | null = 0;
    for (;;) {
      const claim: Claimed = { lane: "scheduled", scheduledAttempts };
      const verdict = settlementOf({ ...plan, outcome: timeout, claim, maxRetries });
      if (verdict.kind === "send" || verdict.next.status !== "pending") break;
      seen.push(verdict.next.delayMs / 1_000);
      scheduledAttempts = verdict.scheduledAttempts;
    }
    expect(seen).toEqual(waits);
  });

  it("fails after the attempt that was waiting when it was lowered", () => {
    const claim: Claimed = { lane: "scheduled", scheduledAttempts: 3 };
    expect(inWords(settlementOf({ ...plan, outcome: timeout, claim, maxRetries: 1 }))).toBe("failed, exhausted");
  });
});

describe("settlementOf, whatever happens", () => {
  const retryAfter = fc.oneof(
    fc.constant(null),
    fc.nat({ max: 200_000 }).map(String),
    fc.integer({ min: now - dayMs, max: now + 3 * dayMs }).map((ms) => new Date(ms).toUTCString()),
    fc.string(),
  );
  const answer = fc.tuple(fc.integer({ min: 100, max: 599 }), retryAfter).map(([code, wait]) => response(code, wait));
  const outcome = fc.oneof({ weight: 5, arbitrary: answer }, fc.constantFrom(timeout, local, lost));
  const scheduleSeconds = fc.array(fc.integer({ min: 0, max: 200_000 }), { maxLength: 12 });
  const maxRetries = fc.option(fc.nat({ max: 15 }));
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const lane = fc.constantFrom("scheduled", "manual");

  it("never hastens a retry, and delays it by no more than the jitter or a Retry-After of 24 h", () => {
    fc.assert(
      fc.property(
        outcome,
        lane,
        fc.nat({ max: 14 }),
        scheduleSeconds,
        random,
        (seen, where, charged, schedule, jitter) => {
          const claim = { lane: where, scheduledAttempts: charged };
          const input = {
            outcome: seen,
            claim,
            scheduleSeconds: schedule,
            maxRetries: null,
            random: () => jitter,
            now,
          };
          const verdict = settlementOf(input);
          if (verdict.kind === "send" || verdict.next.status !== "pending") return;
          const planned = (schedule[charged] ?? NaN) * 1_000;
          expect(verdict.next.delayMs).toBeGreaterThanOrEqual(planned);
          expect(verdict.next.delayMs).toBeGreaterThanOrEqual(verdict.holdMs ?? 0);
          expect(verdict.next.delayMs).toBeLessThanOrEqual(Math.max(Math.ceil(planned * 1.1), dayMs));
          expect(verdict.holdMs ?? 1).toBeGreaterThan(0);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("makes at most one attempt more than there are retries, or two if one was lost", () => {
    const history = fc.array(outcome, { maxLength: 60 });
    fc.assert(
      fc.property(history, lane, scheduleSeconds, maxRetries, random, (outcomes, where, schedule, most, jitter) => {
        let scheduledAttempts: number | null = 0;
        let attempts = 0;
        for (const seen of outcomes) {
          if (seen.kind === "lost") {
            // The store charges it before the claim is handed out.
            attempts += 1;
            scheduledAttempts = (scheduledAttempts ?? 0) + 1;
          }
          const claim: Claimed = { lane: where, scheduledAttempts };
          const input = {
            outcome: seen,
            claim,
            scheduleSeconds: schedule,
            maxRetries: most,
            random: () => jitter,
            now,
          };
          const verdict: Verdict = settlementOf(input);
          if (verdict.kind === "send") continue;
          if (verdict.counted) attempts += 1;
          expect(verdict.scheduledAttempts).toBe(attempts);
          scheduledAttempts = verdict.scheduledAttempts;
          if (verdict.next.status !== "pending" && verdict.next.status !== "released") break;
        }
        const retries = Math.min(schedule.length, most ?? Infinity);
        const spare = outcomes.some(({ kind }) => kind === "lost") ? 1 : 0;
        expect(attempts).toBeLessThanOrEqual(Math.max(retries, spare) + 1);
      }),
      { numRuns: 2_000 },
    );
  });

  it("never counts what a person asked for, and counts everything else that was attempted", () => {
    const charged = fc.option(fc.nat({ max: 14 }));
    fc.assert(
      fc.property(
        outcome,
        charged,
        scheduleSeconds,
        maxRetries,
        random,
        (seen, scheduledAttempts, schedule, most, jitter) => {
          const input = { outcome: seen, scheduleSeconds: schedule, maxRetries: most, random: () => jitter, now };
          const byHand = settlementOf({ ...input, claim: { lane: "manual", scheduledAttempts } });
          const bySchedule = settlementOf({ ...input, claim: { lane: "scheduled", scheduledAttempts } });
          if (byHand.kind === "settle") expect(byHand.health).toBeNull();
          if (bySchedule.kind === "settle" && bySchedule.counted) expect(bySchedule.health).not.toBeNull();
          if (byHand.kind === "settle" && bySchedule.kind === "settle") {
            expect({ ...bySchedule, health: null }).toEqual(byHand);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
