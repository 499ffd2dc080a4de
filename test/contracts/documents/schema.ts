/** The part of JSON Schema that the documents use. */
export type Schema = {
  readonly type?: string | readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly string[];
  readonly default?: string | number | boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly format?: string;
};

/** One field of a document, such as `endpoint.user_id` or `events[]`. */
export type Row = {
  readonly path: string;
  readonly required: boolean;
  /** JSON types, `null` for a nullable field. */
  readonly types: readonly string[];
  /** Of a list: the types of what it holds. */
  readonly itemTypes: readonly string[];
  /** Everything else that is said of its value, by keyword. */
  readonly rules: Omit<Schema, "type" | "anyOf" | "properties" | "required" | "items">;
};

const structure = ["type", "anyOf", "properties", "required", "items"];
const rules = ["enum", "default", "minimum", "maximum", "maxLength", "minItems", "format"];
const prose = ["title", "description", "example"];

/** Checks that a schema says nothing that this module does not know, and leaves out what is only for people. */
export function readSchema(value: unknown): Schema {
  if (typeof value !== "object" || value === null) throw new Error(`${JSON.stringify(value)} is not a schema`);
  const entries = Object.entries(value).filter(([keyword]) => !prose.includes(keyword));
  const strange = entries.find(([keyword]) => ![...structure, ...rules].includes(keyword));
  if (strange !== undefined) throw new Error(`the keyword ${strange[0]} of a document is not known here`);
  return Object.fromEntries(entries.map(([keyword, said]) => [keyword, readKeyword(keyword, said)]));
}

function readKeyword(keyword: string, said: unknown): unknown {
  if (keyword === "items") return readSchema(said);
  if (keyword === "anyOf") return (said as readonly unknown[]).map(readSchema);
  if (keyword !== "properties") return said;
  return Object.fromEntries(Object.entries(said as object).map(([name, schema]) => [name, readSchema(schema)]));
}

/** Every field of a schema, outer ones before inner ones. */
export function rowsOf(schema: Schema, parent = ""): readonly Row[] {
  const { properties = {}, required = [], items } = alternative(schema);
  const fields = Object.entries(properties).map(([name, inner]) => ({
    path: parent === "" ? name : `${parent}.${name}`,
    required: required.includes(name),
    inner,
  }));
  if (items !== undefined) fields.push({ path: `${parent}[]`, required: false, inner: items });
  return fields.flatMap(({ path, required: isRequired, inner }) => [
    {
      path,
      required: isRequired,
      types: typesOf(inner),
      itemTypes: typesOf(alternative(inner).items ?? {}),
      rules: rulesOf(alternative(inner)),
    },
    ...rowsOf(inner, path),
  ]);
}

/** Of a nullable field what it is when it is not null. */
function alternative(schema: Schema): Schema {
  return schema.anyOf?.find(({ type }) => type !== "null") ?? schema;
}

function typesOf({ type = [], anyOf = [] }: Schema): readonly string[] {
  return [...[type].flat(), ...anyOf.flatMap(typesOf)];
}

function rulesOf(schema: Schema): Row["rules"] {
  return Object.fromEntries(Object.entries(schema).filter(([keyword]) => rules.includes(keyword)));
}

/** The same schema for what a server sends: no field that is not named, and with `all` every field that is. */
export function closed(schema: Schema, { all }: { readonly all: boolean }): object {
  const { properties, items, anyOf } = schema;
  return {
    ...schema,
    ...(anyOf !== undefined && { anyOf: anyOf.map((one) => closed(one, { all })) }),
    ...(items !== undefined && { items: closed(items, { all }) }),
    ...(properties !== undefined && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, closed(inner, { all })])),
      required: all ? Object.keys(properties) : (schema.required ?? []),
      additionalProperties: false,
    }),
  };
}
