import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { closingLine } from "./scripts/closing-line.ts";
import { slowFirst } from "./scripts/slow-first.ts";

/** `pnpm test:long` sets it: the long lane runs what takes minutes and nothing else. */
const long = process.env["OUTHOOK_LONG"] === "1";

/** These share one Postgres, which starts before them and ends after them. */
const onPostgres = ["packages/postgres/test/**/*.test.ts"];
/** These kill, stop and starve processes, and mostly wait for leases to run out: several at once, when the quick ones have ended. */
const faults = [
  "test/{crash,postgres}/**/*.test.ts",
  "test/reliability/!(guard|isolation|receivers|origins|stop|frozen)*.test.ts",
];
/** These measure times, so they run one after the other when everything else has ended. */
const measured = [
  "test/sqlite/**/*.test.ts",
  "test/reliability/{isolation,receivers,origins,stop,frozen}*.test.ts",
  "packages/sqlite/test/{blocking,processes}.test.ts",
];
/** These look at what their process has started, or at single milliseconds of it, and so have one of their own. */
const apart = ["packages/sqlite/test/{thread,transactions}.test.ts", "packages/core/test/pattern.test.ts"];
/** These take ten seconds and more. */
const slow = [
  "packages/postgres/test/mutants.test.ts",
  "packages/postgres/test/conformance.test.ts",
  "packages/postgres/test/hints.test.ts",
  "packages/postgres/test/newer-schema.test.ts",
  "packages/testkit/test/mutants.test.ts",
  "packages/sqlite/test/conformance.test.ts",
  "packages/express/test/conformance.test.ts",
  "packages/fastify/test/conformance.test.ts",
  "packages/hono/test/conformance.test.ts",
  "test/examples/examples.test.ts",
  "test/contracts/main.test.ts",
  "test/runner.test.ts",
  "test/postgres/fleet.test.ts",
  "test/crash/deadly-receiver.test.ts",
  "test/crash/kill.test.ts",
  "test/crash/custom-store.test.ts",
  "test/postgres/chaos.test.ts",
];
const longLane = ["**/*.long.test.ts"];
/** These do a part of their cases in the short lane. */
const longer = ["packages/{postgres,sqlite}/test/newer-schema.test.ts", "packages/postgres/test/pooler.test.ts"];
const globalSetup = ["./packages/postgres/test/fixtures/global-setup.ts"];
// What Node compiles is kept for the processes that tests start, of which each begins in half the time then.
process.env["NODE_COMPILE_CACHE"] ??= join(import.meta.dirname, "node_modules/.cache/outhook-tests");

/**
 * Files that run one after the other in one process load the packages once, and what they run is compiled already. The young
 * generation of the heap has room for the garbage of a few requests more than Node gives it.
 */
const together = { isolate: false, execArgv: ["--max-semi-space-size=64"] };

const ignored = ["**/node_modules/**", "**/dist/**", "**/.planted-*/**"];

export default defineConfig({
  test: {
    exclude: ignored,
    // Processes, not threads: tests here measure event loops and load a native database.
    pool: "forks",
    testTimeout: 10_000,
    hookTimeout: 10_000,
    sequence: { sequencer: slowFirst(slow) },
    reporters: ["default", closingLine()],
    projects: long
      ? [
          {
            test: {
              name: "long",
              include: [...longLane, ...longer],
              globalSetup,
              maxWorkers: 1,
              testTimeout: 600_000,
              hookTimeout: 60_000,
            },
          },
        ]
      : [
          {
            test: {
              name: "quick",
              include: ["packages/*/test/**/*.test.ts", "examples/*/test/**/*.test.ts", "test/**/*.test.ts"],
              exclude: [...ignored, ...faults, ...measured, ...onPostgres, ...apart, ...longLane],
              maxWorkers: 3,
              ...together,
              typecheck: {
                enabled: true,
                include: ["packages/*/test/**/*.test-d.ts", "test/**/*.test-d.ts"],
                tsconfig: "./tsconfig.json",
                // `pnpm lint` compiles everything; here only the type tests count.
                ignoreSourceErrors: true,
              },
            },
          },
          {
            test: {
              name: "apart",
              include: apart,
              maxWorkers: 3,
            },
          },
          {
            test: {
              name: "postgres",
              include: onPostgres,
              exclude: [...ignored, ...longLane],
              globalSetup,
              maxWorkers: 3,
              ...together,
              testTimeout: 30_000,
              hookTimeout: 60_000,
            },
          },
          {
            test: {
              name: "faults",
              include: faults,
              exclude: [...ignored, ...longLane],
              maxWorkers: 3,
              sequence: { groupOrder: 1 },
            },
          },
          {
            test: {
              name: "measured",
              include: measured,
              exclude: [...ignored, ...longLane],
              maxWorkers: 1,
              sequence: { groupOrder: 2 },
            },
          },
        ],
  },
});
