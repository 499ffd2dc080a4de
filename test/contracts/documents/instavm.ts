import { found, readSeed } from "./seed.ts";
import type { Schema } from "./schema.ts";
import { readSchema, rowsOf } from "./schema.ts";

/** A line under "Field details", which says the same as a schema in other words. */
export type Detail = { readonly path: string; readonly type: string; readonly rest: string };

type Section = { readonly schema: Schema; readonly details: readonly Detail[] };

const document = readSeed("004_5565ca321e083d25");
const [head = "", body = "", responses = ""] = document.split(/\n(?:Request Body|Responses)\n/);

/** What the document says of creating an endpoint. */
export const createPage: {
  readonly route: string;
  readonly security: string;
  readonly header: Detail;
  readonly request: Section;
  readonly responses: Readonly<Record<string, Section>>;
} = {
  route: found(head, /^((?:GET|POST) \S+)$/m),
  security: found(head, /via: (\w+)/),
  header: readDetail(found(head, /^(X-.*)$/m).replace("header", "")),
  request: readSection(body),
  responses: Object.fromEntries(
    responses
      .split(/\n(?=\d{3}\n)/)
      .filter((text) => text.trim() !== "")
      .map((text) => [text.trim().slice(0, 3), readSection(text)]),
  ),
};

function readSection(text: string): Section {
  const [, schema = "", details = ""] =
    /Resolved schema:\n\n(\{.*\n\})\n\nField details:\n\nFieldTypeRequiredDescriptionConstraints\n(.*)$/s.exec(text) ??
    [];
  return { schema: readSchema(JSON.parse(schema)), details: details.trim().split("\n").map(readDetail) };
}

function readDetail(line: string): Detail {
  const types = String.raw`(?:string|integer|boolean|object|array<[^>]+>)(?: \| (?:integer|null))?`;
  const [, path = "", type = "", rest = ""] =
    new RegExp(String.raw`^([\w.[\]-]+?)(${types})((?:Yes|No).*)$`).exec(line) ?? [];
  if (path === "") throw new Error(`this is no line about a field: ${line}`);
  return { path, type, rest };
}

/** The lines that a schema stands for. */
export function detailsOf(schema: Schema): readonly Detail[] {
  return rowsOf(schema).map(({ path, required, types, itemTypes, rules }) => {
    const { default: standard, minimum, maximum, format } = rules;
    const constraints = [
      ...(standard === undefined ? [] : [`default=${String(standard)}`]),
      ...(minimum === undefined ? [] : [`min=${minimum}`]),
      ...(maximum === undefined ? [] : [`max=${maximum}`]),
      ...(format === undefined ? [] : [`format=${format}`]),
      ...(types.includes("null") ? ["nullable"] : []),
    ];
    const type = types.map((one) => (one === "array" ? `array<${itemTypes.join(" | ")}>` : one)).join(" | ");
    // The lines call nothing inside a list required.
    const isRequired = required && !path.includes("[]");
    return { path, type, rest: `${isRequired ? "Yes" : "No"}${constraints.join(", ")}` };
  });
}
