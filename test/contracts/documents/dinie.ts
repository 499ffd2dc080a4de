import { found, readSeed } from "./seed.ts";
import type { Schema } from "./schema.ts";

/** A field of a list: `` `name` (type, required) text Enum: "a", "b" Example: … ``. */
type Item = { readonly path: string; readonly required: boolean; readonly schema: Schema; readonly text: string };

type FieldList = {
  readonly schema: Schema;
  readonly texts: Readonly<Record<string, string>>;
  readonly mediaType: string;
};

const page = readSeed("000_7457babe862ba8ff");
const overview = readSeed("001_45c5dbea3547a998");
const guide = readSeed("002_d1df00c0f8244a22");

/** What the page about creating an endpoint says. */
export const createPage: {
  readonly route: string;
  readonly security: string;
  readonly headers: FieldList;
  readonly request: FieldList;
  readonly responses: Readonly<Record<string, FieldList>>;
} = readPage();

function readPage(): typeof createPage {
  const [intro = "", ...sections] = page.split(" ## ");
  const lists = Object.fromEntries(sections.map(readList));
  const { "Header parameters": headers, "Request fields": request, ...others } = lists;
  if (headers === undefined || request === undefined) throw new Error("the page has no request");
  const responses = Object.entries(others).map(([heading, list]) => [
    found(heading, /^Response (\d{3}) fields$/),
    list,
  ]);
  return {
    route: found(intro, /Endpoint: (\S+ \S+)/),
    security: found(intro, /Security: (\S+)/),
    headers,
    request,
    responses: Object.fromEntries(responses),
  };
}

function readList(section: string): readonly [heading: string, list: FieldList] {
  const [, heading = "", mediaType = "", list = ""] = /^([\w ]+?)(?: \((\S+)\))?: - (.*)$/s.exec(section) ?? [];
  if (heading === "") throw new Error(`this section is no list of fields: ${section.slice(0, 60)}`);
  const items = list.split(" - ").map(readItem);
  const texts = Object.fromEntries(items.map(({ path, text }) => [path, text]));
  return [heading, { schema: schemaOf(items, ""), texts, mediaType }];
}

function readItem(text: string): Item {
  const [, path = "", words = "", rest = ""] = /^`([\w.-]+)` \(([\w, ]+)\) ?(.*)$/s.exec(text) ?? [];
  if (path === "") throw new Error(`this is no field: ${text.slice(0, 60)}`);
  const [types = "", ...flags] = words.split(", ");
  if (flags.some((flag) => flag !== "required")) throw new Error(`${path} is ${words}`);
  const values = / ?Enum: ((?:"\w+"(?:, )?)+)/.exec(` ${rest}`)?.[1];
  const type = types.split(",");
  return {
    path,
    required: flags.includes("required"),
    schema: {
      type: type.length === 1 ? types : type,
      ...(values !== undefined && { enum: values.split(", ").map((value) => value.replaceAll('"', "")) }),
    },
    text: rest,
  };
}

/** `errors.param` is a field of each of `errors`; other lists hold text. */
function schemaOf(items: readonly Item[], parent: string): Schema {
  const own = items.filter(({ path }) => path.startsWith(parent) && !path.slice(parent.length).includes("."));
  const properties = own.map(({ path, schema }) => {
    const inner = schemaOf(items, `${path}.`);
    const isList = schema.type === "array";
    const hasFields = Object.keys(inner.properties ?? {}).length > 0;
    return [path.slice(parent.length), isList ? { ...schema, items: hasFields ? inner : { type: "string" } } : schema];
  });
  const required = own.filter((item) => item.required).map(({ path }) => path.slice(parent.length));
  return { type: "object", properties: Object.fromEntries(properties), required };
}

/** The routes of the overview and what it says of each. */
export const routes: readonly { readonly route: string; readonly text: string }[] = [
  ...overview.matchAll(/- \[(\S+ \S+)\]\(\S+\): (.*?)(?= ## |$)/gs),
].map(([, route = "", text = ""]) => ({ route, text }));

/** The routes of the guide's table, below the version. */
export const managedRoutes: readonly string[] = [...guide.matchAll(/\| `([A-Z]+)` \| `\/v3(\S+)` \|/g)].map(
  ([, method = "", path = ""]) => `${method} ${path}`,
);

const unitSeconds: Readonly<Record<string, number>> = { minute: 60, minutes: 60, hour: 3_600, hours: 3_600 };

/** The seconds before each retry. */
export const retrySeconds: readonly number[] = [...guide.matchAll(/\| (\d+) \| (\d+) (\w+) (?=\|)/g)].map(
  ([, , count = "", unit = ""]) => Number(count) * (unitSeconds[unit] ?? NaN),
);

/** After how many failed attempts the guide says that an event is `failed`. */
export const failedAfter: { readonly attempts: number; readonly status: string } = {
  attempts: Number(found(guide, /After (\d+) failed attempts/)),
  status: found(guide, /failed attempts, the event is marked as `(\w+)`/),
};

export const eventTypes: readonly string[] = [...guide.matchAll(/\| `(\w+\.\w+)` \|/g)].map(([, type = ""]) => type);

/** The grace period of a rotation, in seconds, and what its request holds. */
export const rotation: { readonly defaults: readonly number[]; readonly maximum: number; readonly body: unknown } = {
  defaults: [
    Number(found(overview, /expire_current_in \(default: (\d+) seconds\)/)),
    Number(found(guide, /default (\d+) hour/)) * 3_600,
  ],
  maximum: Number(found(guide, /maximum (\d+) hours/)) * 3_600,
  body: JSON.parse(found(guide, /-d '(\{ "expire_current_in": \d+ \})'/)),
};

/** What the guide says that requests carry. */
export const delivery: { readonly headers: readonly string[]; readonly envelope: readonly string[] } = {
  headers: found(guide, /authentication headers \(([^)]+)\)/)
    .replaceAll("`", "")
    .split(", "),
  envelope: Object.keys(
    JSON.parse(found(guide, /same envelope: ```json (\{.*?\}) ```/s).replace("{ ... }", "{}")) as object,
  ),
};

/** The request of the guide's example. */
export const exampleRequest: Readonly<Record<string, unknown>> = JSON.parse(
  found(guide, /-d '(\{ "url".*?\})'/s),
) as Record<string, unknown>;
