import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { importsOf } from "./layers/imports.ts";
import type { ArrowTable, LayerTable } from "./layers/rules.ts";
import { arrowFaults, cycleFaults, declarationFaults, layerFaults } from "./layers/rules.ts";
import type { Tree } from "./layers/workspace.ts";
import { membersOf, readTree } from "./layers/workspace.ts";

/** Core from the lowest layer: a file imports only from its own or a lower one. */
const layers: LayerTable = [
  "model settlement errors clock id shown",
  `check-options check-all text-map metadata custom-headers pattern matcher events payload page secret secret-box signature
   backoff breaker outcome attempt health partition address special-addresses host-name own-addresses network-options network`,
  "store/ transport",
  "memory-store/ http-transport/",
  `options settings logger listeners grace disabling reporter signal breakers shares slots pacing identity idempotency directory
   send-lane group-commit reseal send signed-request test-send inbox fan-out deliver settler pump run dispatcher`,
  "tenant endpoint-input endpoint-record endpoints deliveries http/ node/ outhook",
  "index for-stores",
];

/** Adapters never import stores, nor stores each other. */
const arrows: ArrowTable = {
  core: [],
  sql: ["core"],
  sqlite: ["core", "sql"],
  postgres: ["core", "sql"],
  testkit: ["core"],
  express: ["core"],
  fastify: ["core"],
  hono: ["core"],
  client: [],
};

const source = "packages/core/src/";

function faultsOf(tree: Tree): readonly string[] {
  const members = membersOf(tree);
  const files = members.flatMap((member) => member.files);
  return [
    ...layerFaults(files, source, layers),
    ...cycleFaults(files),
    ...arrowFaults(members, arrows),
    ...declarationFaults(members),
  ];
}

describe("the workspace", async () => {
  const tree = await readTree(join(import.meta.dirname, ".."));

  it("is read: each file of core and every package", () => {
    expect(Object.keys(tree)).toEqual(
      expect.arrayContaining([`${source}model.ts`, `${source}store/index.ts`, "packages/sqlite/package.json"]),
    );
    expect(membersOf(tree).flatMap((member) => member.files.flatMap((file) => file.imports)).length).toBeGreaterThan(
      200,
    );
  });

  it("imports along its layers and arrows, in no cycle, and only what it declares", () => {
    expect(faultsOf(tree)).toEqual([]);
  });
});

describe("the rules", () => {
  const sound: Tree = {
    "package.json": `{ "name": "workspace", "devDependencies": { "vitest": "1" } }`,
    "test/engine.test.ts": `import { it } from "vitest";`,
    "packages/core/package.json": `{ "name": "@outhook/core", "dependencies": { "undici": "1" }, "devDependencies": { "zod": "1" } }`,
    "packages/core/src/index.ts": `export { send } from "./send.ts";\nexport type { Store } from "./store/index.ts";`,
    "packages/core/src/model.ts": `export type Message = { id: string };`,
    "packages/core/src/send.ts": `import type { Store } from "./store/index.ts";\nexport const send = null;`,
    "packages/core/src/store/index.ts": `import type { Message } from "../model.ts";`,
    "packages/core/src/transport.ts": `import { request } from "undici";\nimport { setTimeout } from "node:timers/promises";`,
    "packages/core/test/send.test.ts": `import { z } from "zod";\nimport { send } from "../src/send.ts";`,
    "packages/sqlite/package.json": `{ "name": "@outhook/sqlite", "dependencies": { "@outhook/core": "1" } }`,
    "packages/sqlite/src/index.ts": `import { send } from "@outhook/core";`,
    "packages/postgres/package.json": `{ "name": "@outhook/postgres", "dependencies": { "@outhook/core": "1" } }`,
    "packages/postgres/src/index.ts": `import { send } from "@outhook/core/node";`,
  };

  it("find nothing in a sound workspace", () => {
    expect(faultsOf(sound)).toEqual([]);
  });

  it.each([
    {
      fault: "an import of a higher layer",
      planted: { "packages/core/src/model.ts": `\nimport { request } from "./transport.ts";` },
      says: /^packages\/core\/src\/model\.ts:2 \(layer 0\) imports packages\/core\/src\/transport\.ts \(layer 2\)/,
    },
    {
      fault: "a type import of a higher layer",
      planted: { "packages/core/src/pattern.ts": `import type { Store } from "./store/index.ts";` },
      says: /^packages\/core\/src\/pattern\.ts:1 \(layer 1\) imports .*store\/index\.ts \(layer 2\)/,
    },
    {
      fault: "a re-export of a higher layer",
      planted: { "packages/core/src/store/log.ts": `export * from "../send.ts";` },
      says: /store\/log\.ts:1 \(layer 2\) imports .*send\.ts \(layer 4\)/,
    },
    {
      fault: "a dynamic import of a higher layer",
      planted: { "packages/core/src/id.ts": `export const load = () => import("./send.ts");` },
      says: /id\.ts:1 \(layer 0\) imports .*send\.ts \(layer 4\)/,
    },
    {
      fault: "a type expression that imports a higher layer",
      planted: { "packages/core/src/clock.ts": `export type Store = import("./store/index.ts").Store;` },
      says: /clock\.ts:1 \(layer 0\) imports .*store\/index\.ts \(layer 2\)/,
    },
    {
      fault: "a file in no layer",
      planted: { "packages/core/src/helpers.ts": `export const help = 1;` },
      says: /^packages\/core\/src\/helpers\.ts is in no layer: give it a layer/,
    },
    {
      fault: "a folder in no layer",
      planted: { "packages/core/src/utils/index.ts": `export const help = 1;` },
      says: /^packages\/core\/src\/utils\/index\.ts is in no layer/,
    },
    {
      fault: "two files that import each other",
      planted: {
        "packages/core/src/fan-out.ts": `import "./deliver.ts";`,
        "packages/core/src/deliver.ts": `import type { FanOut } from "./fan-out.ts";`,
      },
      says: /^import cycle: packages\/core\/src\/fan-out\.ts → packages\/core\/src\/deliver\.ts → packages\/core\/src\/fan-out\.ts$/,
    },
    {
      fault: "three files in a ring",
      planted: {
        "packages/sqlite/src/a.ts": `import "./b.ts";`,
        "packages/sqlite/src/b.ts": `import "./c.ts";`,
        "packages/sqlite/src/c.ts": `import "./a.ts";`,
      },
      says: /^import cycle: .*a\.ts → .*b\.ts → .*c\.ts → .*a\.ts$/,
    },
    {
      fault: "a store that imports another",
      planted: {
        "packages/postgres/package.json": `{ "name": "@outhook/postgres", "dependencies": { "@outhook/sqlite": "1" } }`,
        "packages/postgres/src/index.ts": `import { sqliteStore } from "@outhook/sqlite";`,
      },
      says: /^packages\/postgres\/src\/index\.ts:1 imports @outhook\/sqlite: no arrow leads from postgres to sqlite$/,
    },
    {
      fault: "core importing what stands on it, by a subpath",
      planted: {
        "packages/core/package.json": `{ "name": "@outhook/core", "dependencies": { "@outhook/sqlite": "1", "undici": "1", "zod": "1" } }`,
        "packages/core/src/errors.ts": `import type { Rows } from "@outhook/sqlite/rows";`,
      },
      says: /no arrow leads from core to sqlite$/,
    },
    {
      fault: "a relative path into another package",
      planted: { "packages/sqlite/src/index.ts": `import { send } from "../../core/src/send.ts";` },
      says: /^packages\/sqlite\/src\/index\.ts:1 imports packages\/core\/src\/send\.ts, outside its package/,
    },
    {
      fault: "a package without arrows",
      planted: { "packages/mysql/package.json": `{ "name": "@outhook/mysql" }` },
      says: /^packages\/mysql\/ has no arrows/,
    },
    {
      fault: "an undeclared import",
      planted: { "packages/sqlite/src/index.ts": `import Database from "better-sqlite3";` },
      says: /imports better-sqlite3: add it to dependencies or peerDependencies of packages\/sqlite\/package\.json$/,
    },
    {
      fault: "a source that uses a development dependency",
      planted: { "packages/core/src/events.ts": `import type { ZodType } from "zod";` },
      says: /^packages\/core\/src\/events\.ts:1 imports zod: add it to dependencies or peerDependencies/,
    },
    {
      fault: "a test that uses what only the root declares",
      planted: { "packages/core/test/send.test.ts": `import { it } from "better-sqlite3/lib";` },
      says: /imports better-sqlite3\/lib: add it to dependencies or devDependencies of packages\/core\/package\.json$/,
    },
    {
      fault: "an undeclared import of a workspace check",
      planted: { "test/engine.test.ts": `import { send } from "@outhook/core";` },
      says: /^test\/engine\.test\.ts:1 imports @outhook\/core: add it to dependencies or devDependencies of package\.json$/,
    },
    {
      fault: "a built-in module without its prefix",
      planted: { "packages/core/src/clock.ts": `import { hrtime } from "process";` },
      says: /clock\.ts:1 imports process: write node:process$/,
    },
  ])("find $fault", ({ planted, says }) => {
    expect(faultsOf({ ...sound, ...planted })).toEqual([expect.stringMatching(says)]);
  });
});

describe("importsOf", () => {
  it("sees every form of import, with its line, and nothing in comments and strings", () => {
    const text = [
      `import a, { b } from "a";`,
      `import type { C } from './c.ts';`,
      `import "d";`,
      `export { e } from "e"; export * as f from "f";`,
      `type G = import("g").G;`,
      `const h = await import('h');`,
      `// import "i";`,
      `const text = 'import "j";';`,
      `export const k = 1;`,
    ].join("\n");
    expect(importsOf("x.ts", text)).toEqual([
      { specifier: "a", line: 1 },
      { specifier: "./c.ts", line: 2 },
      { specifier: "d", line: 3 },
      { specifier: "e", line: 4 },
      { specifier: "f", line: 4 },
      { specifier: "g", line: 5 },
      { specifier: "h", line: 6 },
    ]);
  });

  it.each([
    { text: "const name = 'x';\nawait import(name);", says: "x.ts:2 imports something computed; name it" },
    { text: "import {", says: "x.ts does not parse" },
  ])("refuses $text", ({ text, says }) => {
    expect(() => importsOf("x.ts", text)).toThrow(says);
  });
});
