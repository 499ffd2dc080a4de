import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** A mistake that must not compile, beside the same code without it: the first line that differs is where it shows. */
type Twins = { readonly name: string; readonly good: string; readonly bad: string };

const tenant = `import { expectTypeOf } from "vitest";
import { z } from "zod";
import type { EventTypeOf } from "../../../src/events.ts";
import { defineEvents } from "../../../src/events.ts";
import type { Outhook } from "../../../src/outhook.ts";
const events = defineEvents({ "loan.active": z.object({ id: z.string() }), "loan.terms.updated": z.object({}) });
type Events = typeof events;
declare const outhook: Outhook<Events, { readonly isTransaction: true }>;
const { send, endpoints: { create } } = outhook.tenant("acme");
void [send, create, expectTypeOf, null as EventTypeOf<Events> | null];
`;

const cases: readonly Twins[] = [
  {
    name: "an event type that the catalogue lacks",
    good: `${tenant}send("loan.active", { id: "ln_1" });`,
    bad: `${tenant}send("loan.actve", { id: "ln_1" });`,
  },
  {
    name: "a payload of another type than the schema's input",
    good: `${tenant}send("loan.active", { id: "1" });`,
    bad: `${tenant}send("loan.active", { id: 1 });`,
  },
  {
    name: "a payload without a required field",
    good: `${tenant}send("loan.active", { id: "1" });`,
    bad: `${tenant}send("loan.active", {});`,
  },
  {
    name: "a prefix pattern that matches nothing",
    good: `${tenant}create({ url: "https://example.com", events: ["loan.*", "loan.terms.*", "*"] });`,
    bad: `${tenant}create({ url: "https://example.com", events: ["loan.*", "loan.term.*", "*"] });`,
  },
  {
    name: "a prefix pattern below a whole type",
    good: `${tenant}create({ url: "https://example.com", events: ["loan.active"] });`,
    bad: `${tenant}create({ url: "https://example.com", events: ["loan.active.*"] });`,
  },
  {
    name: "a wildcard inside a segment",
    good: `${tenant}create({ url: "https://example.com", events: ["loan.*"] });`,
    bad: `${tenant}create({ url: "https://example.com", events: ["loan.ter*"] });`,
  },
  {
    name: "a transaction that the store cannot join",
    good: `${tenant}send("loan.active", { id: "1" }, { tx: { isTransaction: true } });`,
    bad: `${tenant}send("loan.active", { id: "1" }, { tx: { isTransaction: false } });`,
  },
  {
    name: "a definition that is no schema",
    good: `${tenant}defineEvents({ "loan.active": z.string() });`,
    bad: `${tenant}defineEvents({ "loan.active": "string" });`,
  },
  {
    name: "an expected error that is not there",
    good: `${tenant}// @ts-expect-error the type is misspelt\nsend("loan.actve", { id: "ln_1" });`,
    bad: `${tenant}// @ts-expect-error nothing is wrong here\nsend("loan.active", { id: "ln_1" });`,
  },
  {
    name: "an expected type that is another",
    good: `${tenant}expectTypeOf<EventTypeOf<Events>>().toEqualTypeOf<"loan.active" | "loan.terms.updated">();`,
    bad: `${tenant}expectTypeOf<EventTypeOf<Events>>().toEqualTypeOf<"loan.active" | "loan.terms.update">();`,
  },
];

type Check = { readonly passed: boolean; readonly errorLines: ReadonlyMap<string, readonly number[]> };

describe("the type checker", () => {
  let folder: string;
  let good: Check;
  let bad: Check;

  beforeAll(async () => {
    // Inside this folder, so that imports resolve as those of its neighbours; the dot keeps it out of their checks.
    folder = await mkdtemp(join(import.meta.dirname, ".planted-"));
    [good, bad] = await Promise.all([
      typeCheck(
        join(folder, "good"),
        cases.map((twins) => twins.good),
      ),
      typeCheck(
        join(folder, "bad"),
        cases.map((twins) => twins.bad),
      ),
    ]);
  }, 60_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(cases.map((twins, index) => ({ ...twins, file: fileName(index) })))("finds $name", (twins) => {
    expect(good.errorLines.get(twins.file)).toBeUndefined();
    expect(bad.errorLines.get(twins.file)).toEqual([firstDifference(twins)]);
  });

  it("finds nothing else", () => {
    expect(good).toEqual({ passed: true, errorLines: new Map() });
    expect(bad.passed).toBe(false);
    expect(bad.errorLines.size).toBe(cases.length);
  });
});

function fileName(index: number): string {
  return `case-${index}.ts`;
}

function firstDifference({ good, bad }: Twins): number {
  const lines = good.split("\n");
  return bad.split("\n").findIndex((line, index) => line !== lines[index]) + 1;
}

async function typeCheck(folder: string, sources: readonly string[]): Promise<Check> {
  await mkdir(folder);
  const files = sources.map((_, index) => fileName(index));
  await writeFile(
    join(folder, "tsconfig.json"),
    JSON.stringify({ extends: "../../tsconfig.json", files, include: [] }),
  );
  await Promise.all(sources.map((source, index) => writeFile(join(folder, fileName(index)), source)));

  const { passed, output } = await runCompiler(folder);
  const errorLines = new Map<string, number[]>();
  for (const [, file = "", line] of output.matchAll(/^(.+)\((\d+),\d+\): error /gm)) {
    errorLines.set(file, [...(errorLines.get(file) ?? []), Number(line)]);
  }
  return { passed, errorLines };
}

function runCompiler(cwd: string): Promise<{ readonly passed: boolean; readonly output: string }> {
  const compiler = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc");
  return new Promise((resolve) => {
    execFile(process.execPath, [compiler, "-p", ".", "--pretty", "false"], { cwd }, (error, stdout) => {
      resolve({ passed: error === null, output: stdout });
    });
  });
}
