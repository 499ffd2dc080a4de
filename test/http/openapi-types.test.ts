import type { Fields } from "@outhook/core/http";
import { standardContract } from "@outhook/core/http";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { run } from "../../scripts/run.ts";
import type { Description } from "./openapi-description.ts";
import { membersOf, openDescription } from "./openapi-description.ts";
import { typeOf } from "./openapi-types.ts";

const root = join(import.meta.dirname, "../..");
const text = await readFile(join(root, "packages/core/src/http/openapi.json"), "utf8");
const description: Description = openDescription(JSON.parse(text));

/** Schemas of the description and the types of the code that answer with them or take them. */
const answers: readonly { readonly schema: string; readonly type: string }[] = [
  { schema: "Endpoint", type: "EndpointView" },
  { schema: "EndpointWithSecret", type: "EndpointView & { readonly secret: string }" },
  { schema: "TestAttempt", type: "AttemptView" },
  { schema: "EventType", type: "EventTypeDetails" },
  { schema: "ProblemItem", type: `Pick<FaultItem, "param" | "detail" | "code">` },
  { schema: "ErrorCode", type: "ErrorCode" },
];
const requests = [
  { route: "POST /endpoints", schema: "NewEndpoint", type: "NewEndpoint<AnyEvents>" },
  { route: "PATCH /endpoints/{id}", schema: "EndpointPatch", type: "EndpointPatch<AnyEvents>" },
  { route: "POST /endpoints/{id}/secret/rotate", schema: "SecretRotation", type: "Rotation" },
  { route: "POST /endpoints/{id}/test", schema: "TestRequest", type: "object" },
];

describe("the description of the API", () => {
  it.each(requests)("has the fields of $route", ({ route, schema }) => {
    const { properties, required = [] } = membersOf(description.at(`#/components/schemas/${schema}`));
    const fields = Object.entries(fieldsOf(route));
    expect(Object.keys(membersOf(properties)).toSorted()).toEqual(fields.map(([name]) => name).toSorted());
    expect(required).toEqual(fields.filter(([, field]) => field.required === true).map(([name]) => name));
  });

  it("has the types of the code", { timeout: 60_000 }, async () => {
    // In this folder, so that imports resolve as those of its neighbours; the dot keeps it out of their checks.
    const folder = await mkdtemp(join(import.meta.dirname, ".planted-"));
    try {
      const config = {
        extends: join(root, "tsconfig.json"),
        include: ["*.ts"],
        exclude: [],
        compilerOptions: { noUnusedLocals: false, rootDir: root },
      };
      await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
      await writeFile(join(folder, "types.ts"), program());
      expect(() => run("tsc", ["-p", folder, "--pretty", "false"], { cwd: folder })).not.toThrow();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

/** A program that compiles if each pair of types is the same; the last lines show that one that is not would not. */
function program(): string {
  const pairs = [
    ...answers.map(({ schema, type }) => ({ described: described(schema), type })),
    ...requests.flatMap(({ route, schema, type }) =>
      Object.entries(fieldsOf(route)).map(([name, { as, required }]) => ({
        described: `Required<${described(schema)}>["${name}"]${required === true ? "" : " | undefined"}`,
        type: `(${type})["${as}"]`,
      })),
    ),
  ];
  return [
    `import type { AnyEvents, EndpointPatch, ErrorCode, NewEndpoint } from "@outhook/core";`,
    `import type { AttemptView, EndpointView, EventTypeDetails, FaultItem } from "@outhook/core/http";`,
    "type Rotation = { readonly expireCurrentInSeconds?: number | undefined };",
    "type Same<A, B> = [A, B] extends [B, A] ? [keyof A, keyof B] extends [keyof B, keyof A] ? true : false : false;",
    ...pairs.map((one, index) => `export const same${index}: Same<${one.described}, ${one.type}> = true;`),
    "// @ts-expect-error a field is missing",
    `export const missing: Same<${described("Endpoint")}, Omit<EndpointView, "metadata">> = true;`,
    "// @ts-expect-error a field is optional",
    `export const optional: Same<${described("Endpoint")}, Partial<EndpointView>> = true;`,
    "// @ts-expect-error a field has another type",
    `export const other: Same<${described("Endpoint")}, Omit<EndpointView, "url"> & { url: string | null }> = true;`,
  ].join("\n");
}

function described(schema: string): string {
  return typeOf({ $ref: `#/components/schemas/${schema}` }, description.at);
}

function fieldsOf(route: string): Fields {
  const operation = standardContract.operations.find(({ method, path }) => `${method} ${path}` === route);
  return operation?.fields ?? {};
}
