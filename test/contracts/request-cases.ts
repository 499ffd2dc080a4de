import type { Row, Schema } from "./documents/schema.ts";
import { rowsOf } from "./documents/schema.ts";

/** A request that a document allows or forbids because of one field. */
export type RequestCase = {
  readonly name: string;
  /** The field, such as `events`. */
  readonly field: string;
  /** The place to blame, such as `events[0]`. */
  readonly place: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly accepted: boolean;
  /** Whether it is refused because the field is not there. */
  readonly missing: boolean;
};

/** Values that documents cannot say are good: one for each field. */
export type Samples = Readonly<Record<string, unknown>>;

const anyValues: Readonly<Record<string, unknown>> = {
  string: "text",
  integer: 5,
  number: 5.5,
  boolean: true,
  object: { a: 1 },
  array: [],
  null: null,
};

/** What follows from each thing that a document says of its request's fields. */
export function requestCases(schema: Schema, samples: Samples): readonly RequestCase[] {
  return rowsOf(schema).flatMap((row) => [
    ...presenceCases(row, samples),
    ...typeCases(row, samples),
    ...Object.keys(row.rules).flatMap((keyword) => ruleCases(row, keyword, samples)),
  ]);
}

function presenceCases(row: Row, samples: Samples): readonly RequestCase[] {
  if (row.path.endsWith("[]")) return [];
  const { [row.path]: _, ...without } = caseOf(row, "", null, samples).body;
  const name = `${row.path} may ${row.required ? "not " : ""}be left out`;
  const absent = { ...caseOf(row, name, null, samples), body: without, accepted: !row.required, missing: row.required };
  return [caseOf(row, `${row.path} is taken`, sampleOf(row, samples), samples), absent];
}

function typeCases(row: Row, samples: Samples): readonly RequestCase[] {
  const wrong = Object.keys(anyValues).filter((type) => !row.types.includes(type));
  return wrong
    .filter((type) => !(type === "integer" && row.types.includes("number")))
    .map((type) => refused(caseOf(row, `${row.path} is no ${type}`, anyValues[type], samples)))
    .concat(row.types.includes("null") ? [caseOf(row, `${row.path} may be null`, null, samples)] : []);
}

function ruleCases(row: Row, keyword: string, samples: Samples): readonly RequestCase[] {
  const { path, rules } = row;
  const good = (value: unknown): RequestCase =>
    caseOf(row, `${path} may be ${brief(value)} (${keyword})`, value, samples);
  const bad = (value: unknown): RequestCase =>
    refused(caseOf(row, `${path} is not ${brief(value)} (${keyword})`, value, samples));
  switch (keyword) {
    case "minimum":
      return [good(rules.minimum), bad(Number(rules.minimum) - 1)];
    case "maximum":
      return [good(rules.maximum), bad(Number(rules.maximum) + 1)];
    case "maxLength":
      // JSON Schema counts characters, whatever they take in UTF-16.
      return ["x", "😀"].flatMap((character) => [
        good(character.repeat(Number(rules.maxLength))),
        bad(character.repeat(Number(rules.maxLength) + 1)),
      ]);
    case "minItems":
      return [bad(Array.from({ length: Number(rules.minItems) - 1 }, () => sampleOf(row, samples)))];
    case "enum":
      return [...(rules.enum ?? []).map(good), bad("*"), bad(`${rules.enum?.[0]}.more`), bad("")];
    case "format":
      if (rules.format !== "uri") throw new Error(`there is no case for the format ${rules.format}`);
      return [bad("not a URI"), bad("/webhooks"), bad("")];
    case "default":
      return [good(rules.default)];
    default:
      throw new Error(`there is no case for ${keyword}`);
  }
}

function caseOf(row: Row, name: string, value: unknown, samples: Samples): RequestCase {
  const field = row.path.replace("[]", "");
  const isItem = row.path.endsWith("[]");
  return {
    name,
    field,
    place: isItem ? `${field}[0]` : field,
    body: { url: samples["url"], [field]: isItem ? [value] : value },
    accepted: true,
    missing: false,
  };
}

function refused(one: RequestCase): RequestCase {
  return { ...one, accepted: false };
}

function sampleOf({ path }: Row, samples: Samples): unknown {
  if (path in samples) return samples[path];
  throw new Error(`there is no sample of ${path}`);
}

function brief(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 40 ? `${Array.from(text).slice(0, 20).join("")}… of ${text.length}` : text;
}
