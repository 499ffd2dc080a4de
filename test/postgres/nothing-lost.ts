import type { ReceivedRequest } from "@outhook/testkit";
import { expect } from "vitest";
import type { ChaosReport } from "./chaos.ts";
import { concurrency, leaseMs } from "./outhook.ts";
import type { Line } from "./line.ts";

/** Open requests, and four times as many answers that are not written down yet. */
const inFlight = 5 * concurrency;
/** What a dispatcher holds at most: that, and five times as much that waits for its turn. */
const held = inFlight + 5 * concurrency;

/** Holds what was received and what is stored against what was accepted and what was done. */
export function expectNothingLost(report: ChaosReport): void {
  const copies = byHeader(report.requests, "webhook-id");
  // Of each message the copies that were not the last.
  const repeated = [...copies.values()].flatMap((all) => all.slice(0, -1));
  console.log(summaryOf(report, repeated.length));
  expectAllSettled(report, copies);
  expectRepeatedByKills(report, repeated);
  expectAttemptsExplained(report, copies);
  for (const [name, { errors }] of report.dispatchers) expectQuiet(name, errors);
}

function summaryOf({ accepted, requests, stored, faults, dispatchers }: ChaosReport, repeated: number): string {
  const rejected = accepted.filter(({ rejections }) => rejections > 0).length;
  const lines = [...dispatchers.values()].flatMap(({ errors }) => errors).length;
  return (
    `${faults.map(({ kind }) => kind).join(", ")}: ${accepted.length} accepted, ${rejected} of them after a rejection; ` +
    `${requests.length} received, ${repeated} of them repeated later; ${lostIn(stored).length} lost attempts; ` +
    `${lines} lines logged`
  );
}

/** What was accepted is stored once, is received as it is stored, and has succeeded. */
function expectAllSettled({ accepted, stored, faults }: ChaosReport, copies: Groups): void {
  expect(stored.map(({ key, id }) => `${key}: ${id}`).toSorted()).toEqual(
    accepted.map(({ key, id }) => `${key}: ${id}`).toSorted(),
  );
  expect(stored.filter(({ status }) => status !== "succeeded")).toEqual([]);
  expect(accepted.filter(({ id }) => !copies.has(id))).toEqual([]);
  expect(copies.size).toBe(accepted.length);
  for (const { id, body } of stored) {
    expect(new Set(copies.get(id)?.map((copy) => copy.body))).toEqual(new Set([body]));
  }
  if (faults.some(({ kind }) => kind === "restart")) {
    expect(accepted.filter(({ rejections }) => rejections > 0).length).toBeGreaterThan(0);
  }
}

/** What came again had come from a dispatcher that was killed, which had no more than that in flight. */
function expectRepeatedByKills({ faults }: ChaosReport, repeated: readonly ReceivedRequest[]): void {
  const kills = faults.filter(({ kind }) => kind === "kill");
  const repeatedOf = byHeader(repeated, "user-agent");
  for (const [name, all] of repeatedOf) {
    expect(kills.map((kill) => kill.name)).toContain(name);
    expect(all.length, `requests of ${name} that were repeated`).toBeLessThanOrEqual(inFlight);
  }
  expect(repeatedOf.size, "kills that hit an open request").toBeGreaterThanOrEqual(kills.length * 0.8);
}

/** Every attempt but the last was lost, to a fault in the time of its lease. */
function expectAttemptsExplained({ stored, faults }: ChaosReport, copies: Groups): void {
  for (const { id, attempts } of stored) {
    const before = attempts.slice(0, -1);
    expect(attempts).toEqual([
      ...before.map((_, index) => expect.objectContaining({ number: index + 1, errorClass: "lost" })),
      expect.objectContaining({ number: before.length + 1, statusCode: 200 }),
    ]);
    expect(copies.get(id)?.length).toBeLessThanOrEqual(attempts.length);
  }
  const lost = lostIn(stored);
  // A partition only delays. What takes the connections away can hide from both dispatchers that a claim was done.
  const costs = faults.filter(({ kind }) => kind !== "partition");
  const unexplained = lost.filter(
    ({ startedAt }) => !costs.some(({ from, to }) => to >= startedAt && from <= startedAt + leaseMs),
  );
  expect(unexplained).toEqual([]);
  const most = costs.reduce((sum, { kind }) => sum + (kind === "kill" ? held : 2 * held), 0);
  expect(lost.length).toBeLessThanOrEqual(most);
}

/** At most a line a second, and nothing but what the logger was given. */
function expectQuiet(name: string, lines: readonly Line[]): void {
  const times = lines.map(({ text }) => writtenAt(text));
  const tooSoon = times.filter((at, index) => !(at - (times[index - 1] ?? 0) >= 990));
  expect(tooSoon, `${name} wrote\n${lines.map(({ text }) => text).join("\n")}`).toEqual([]);
}

function lostIn(stored: ChaosReport["stored"]): ChaosReport["stored"][number]["attempts"] {
  return stored.flatMap(({ attempts }) => attempts.filter(({ errorClass }) => errorClass === "lost"));
}

type Groups = ReadonlyMap<string, readonly ReceivedRequest[]>;

function byHeader(requests: readonly ReceivedRequest[], name: string): Groups {
  const groups = new Map<string, ReceivedRequest[]>();
  for (const request of requests) {
    const value = request.headers[name] ?? "none";
    const group = groups.get(value);
    if (group === undefined) groups.set(value, [request]);
    else group.push(request);
  }
  return groups;
}

/** `NaN` of a line that is none of the logger's. */
function writtenAt(line: string): number {
  if (!line.startsWith("{")) return Number.NaN;
  const { at }: { readonly at?: number } = JSON.parse(line);
  return at ?? Number.NaN;
}
