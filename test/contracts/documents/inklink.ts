import { found, readSeed } from "./seed.ts";
import type { Schema } from "./schema.ts";
import { readSchema } from "./schema.ts";
import { parseYaml } from "./yaml.ts";

type Json = { readonly [key: string]: unknown };

const document = readSeed("003_58aec1e5fc8a39a9");
const api = parseYaml(found(document, /````yaml[^\n]*\n(.*?)\n````/s));
const create = at(api, "paths", "/webhook/endpoints", "post");

/** What the document says of creating an endpoint. */
export const createPage: {
  readonly base: string;
  readonly header: { readonly name: string; readonly required: boolean; readonly example: string };
  readonly request: Schema;
  /** By status: the schema of the body where there is one, and the codes in the description. */
  readonly responses: Readonly<Record<string, { readonly schema: Schema | null; readonly text: string }>>;
  readonly eventTypes: readonly string[];
  /** The prefix of an endpoint's id. */
  readonly idPrefix: string;
} = {
  base: String(at(at(api, "servers", "0"), "url")),
  header: readHeader(at(create, "parameters", "0")),
  request: resolved(at(create, "requestBody", "content", "application/json", "schema")),
  responses: Object.fromEntries(
    Object.entries(object(at(create, "responses"))).map(([status, one]) => [status, readResponse(one)]),
  ),
  eventTypes: at(api, "components", "schemas", "webhookEventType", "enum") as readonly string[],
  idPrefix: found(
    String(at(api, "components", "schemas", "webhookEndpoint", "properties", "id", "description")),
    /`(\w+)…`/,
  ),
};

function readHeader(parameter: unknown): typeof createPage.header {
  if (at(parameter, "in") !== "header") throw new Error("the parameter is no header");
  return {
    name: String(at(parameter, "name")),
    required: at(parameter, "required") === true,
    example: String(at(parameter, "schema", "example")),
  };
}

function readResponse(response: unknown): { readonly schema: Schema | null; readonly text: string } {
  const content = object(response)["content"];
  return {
    schema: content === undefined ? null : resolved(at(content, "application/json", "schema")),
    text: String(at(response, "description")),
  };
}

/** Follows references, merges `allOf`, and writes `nullable` as JSON Schema does. */
function resolved(schema: unknown): Schema {
  return readSchema(plain(schema));
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const { $ref, allOf, nullable, ...rest } = object(value);
  const isTrueByDefault = String(rest["description"]).startsWith("Defaults to **true** if omitted");
  if (typeof $ref === "string") return plain(at(api, ...$ref.slice("#/".length).split("/")));
  if (allOf !== undefined) return merged((allOf as readonly unknown[]).map(plain));
  const entries = Object.entries(rest).map(([key, inner]) => [key, plain(inner)]);
  const own: Json = { ...object(Object.fromEntries(entries)), ...(isTrueByDefault && { default: true }) };
  return nullable === true ? { ...own, type: [own["type"], "null"] } : own;
}

function merged(schemas: readonly unknown[]): Json {
  const parts = schemas.map(object);
  return {
    type: "object",
    required: parts.flatMap(({ required = [] }) => required as readonly string[]),
    properties: Object.assign({}, ...parts.map(({ properties }) => object(properties))),
  };
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce((inner, key) => {
    const next = object(inner)[key];
    if (next === undefined) throw new Error(`the document has no ${path.join(" ")}`);
    return next;
  }, value);
}

function object(value: unknown): Json {
  if (typeof value !== "object" || value === null) throw new Error(`${String(value)} is no object`);
  return value as Json;
}
