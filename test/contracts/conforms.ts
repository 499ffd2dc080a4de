import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { expect, it } from "vitest";
import { valueAt } from "./client.ts";
import type { Row, Schema } from "./documents/schema.ts";
import { closed } from "./documents/schema.ts";

const ajv = addFormats.default(new Ajv({ strict: true, allErrors: true, allowUnionTypes: true }));

/** Fails for a value against the schema, a field that it does not name, and with `all` for one that is not there. */
export function expectToConform(body: unknown, schema: Schema, options: { readonly all: boolean }): void {
  const validate = ajv.compile(closed(schema, options));
  validate(body);
  expect({ body, faults: validate.errors ?? [] }).toEqual({ body, faults: [] });
}

/**
 * A test for each field of a document: it has these values in these bodies, where `[]` means the first of a list. A field
 * without values fails, and so do values without a field.
 */
export function checkFields(
  rows: readonly Row[],
  bodies: () => readonly unknown[],
  values: Readonly<Record<string, readonly unknown[]>>,
): void {
  it.each(rows)("$path", ({ path }) => {
    expect(bodies().map((body) => valueAt(body, path.replaceAll("[]", "[0]")))).toEqual(values[path]);
  });

  it("are all that is checked", () => {
    expect(Object.keys(values).toSorted()).toEqual(rows.map(({ path }) => path).toSorted());
  });
}

export const anInstant: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
export const aSecret: unknown = expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/);
export const aSentence: unknown = expect.stringMatching(/\w+ \w+/);
