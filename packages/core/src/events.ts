import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { ErrorDetail } from "./errors.ts";
import { OuthookError } from "./errors.ts";
import { eventTypeFault, isEventType, matchesPattern, parsePattern } from "./pattern.ts";
import { reasonOf, shortened, shown } from "./shown.ts";
import { placeOf } from "./payload.ts";

/** Most patterns an endpoint may have. */
const maxPatterns = 100;

/** Event types with the schemas of their payloads, as `defineEvents` takes them. */
export type EventDefinitions = Readonly<Record<string, StandardSchemaV1>>;

/** The event catalogue: which event types exist, and what their payloads look like. Made by {@link defineEvents}. */
export type EventCatalogue<Defs extends EventDefinitions> = { readonly definitions: Readonly<Defs> };

/**
 * Any catalogue, and what stands in for one where a host defines none: every type is a `string`, every payload
 * `unknown`, every pattern a `string`.
 */
export type AnyEvents = EventCatalogue<EventDefinitions>;

/** The event types of a catalogue. */
export type EventTypeOf<C extends AnyEvents> = keyof C["definitions"] & string;

/** What `send` takes as the payload of an event type: the input of its schema. */
export type PayloadOf<C extends AnyEvents, Type extends EventTypeOf<C>> = StandardSchemaV1.InferInput<
  C["definitions"][Type]
>;

/** The patterns that match at least one event type of a catalogue. */
export type PatternOf<C extends AnyEvents> = EventTypeOf<C> | PrefixPatternOf<EventTypeOf<C>> | "*";

/** `a.b.c` → `a.*` and `a.b.*`. Collects as it goes, because the compiler follows only tail calls to any depth. */
type PrefixPatternOf<
  Type extends string,
  Above extends string = "",
  Found extends string = never,
> = Type extends `${infer Head}.${infer Rest}`
  ? PrefixPatternOf<Rest, `${Above}${Head}.`, Found | `${Above}${Head}.*`>
  : Found;

/**
 * Makes an event catalogue from schemas of any library that implements Standard Schema (zod, valibot, arktype …).
 *
 * Throws `invalid_event_type` for a malformed event type, `invalid_options` for a value that is not a Standard Schema.
 *
 * @example
 * const events = defineEvents({ "loan.active": z.object({ id: z.string() }) });
 */
export function defineEvents<Defs extends EventDefinitions>(definitions: Defs): EventCatalogue<Defs> {
  if (typeof definitions !== "object" || definitions === null) {
    const fix = 'pass an object of event types and schemas, { "loan.active": schema }';
    throw new OuthookError("invalid_options", `events is ${shown(definitions)}; ${fix}`, { param: "events" });
  }
  for (const [type, schema] of Object.entries(definitions)) {
    const param = `events[${shown(type)}]`;
    const fault = eventTypeFault(type);
    if (fault !== null) throw new OuthookError("invalid_event_type", `${param}: the event type ${fault}`, { param });
    if (!isStandardSchema(schema)) {
      throw new OuthookError(
        "invalid_options",
        `${param} is ${shown(schema)}, not a Standard Schema; give it a schema of zod 3.24 or newer, valibot 1, arktype 2 or alike`,
        { param },
      );
    }
  }
  return Object.freeze({ definitions: Object.freeze({ ...definitions }) });
}

/** The event types of a catalogue, in the order of its definition. */
function catalogueTypes(catalogue: AnyEvents): readonly string[] {
  return Object.keys(catalogue.definitions);
}

/**
 * Checks an event type and its payload; resolves to the schema's output, or to `data` itself without a catalogue.
 *
 * The schema sees `data` as it is at the call. Throws `invalid_event_type` when the type is malformed or too long,
 * `unknown_event_type` when the catalogue has no such type, `invalid_payload` with one entry in `errors` for each issue.
 */
export async function validatePayload(catalogue: AnyEvents | null, type: unknown, data: unknown): Promise<unknown> {
  checkEventType(type);
  if (catalogue === null) return data;
  const schema = schemaOf(catalogue, type);
  if (schema === null) throw unknownEventType("type", type, adviceFor(type, catalogue, catalogueTypes(catalogue)));

  let result: StandardSchemaV1.Result<unknown>;
  try {
    result = await schema["~standard"].validate(data);
  } catch (cause) {
    const fault = `the schema of ${shown(type)} threw instead of reporting issues: ${reasonOf(cause)}`;
    throw new OuthookError("invalid_payload", `data could not be checked; ${fault}`, { param: "data", cause });
  }
  if (result.issues) throw unfitPayload(type, result.issues);
  return result.value;
}

/** Throws `invalid_event_type` for anything but an event type of at most 256 characters. */
export function checkEventType(type: unknown): asserts type is string {
  if (typeof type === "string" && isEventType(type)) return;
  const fault = typeof type === "string" ? `${shown(type)} ${eventTypeFault(type)}` : `is ${shown(type)}`;
  throw new OuthookError("invalid_event_type", `type ${fault}; send an event type such as "loan.active"`, {
    param: "type",
  });
}

/**
 * Reads an endpoint's list of patterns. Omitted or empty means all: `["*"]`. Duplicates are dropped.
 *
 * Throws `invalid_events` when it is no list, too long, or has a malformed pattern or one that matches nothing of the
 * catalogue; `unknown_event_type` for an event type that the catalogue lacks.
 */
export function parseEvents(catalogue: AnyEvents | null, events: unknown): readonly string[] {
  if (events === undefined) return ["*"];
  if (!Array.isArray(events)) {
    const fix = 'pass a list of patterns such as ["loan.*"], or leave it out for all';
    throw new OuthookError("invalid_events", `events is ${shown(events)}; ${fix}`, { param: "events" });
  }
  if (events.length > maxPatterns) {
    const fix = 'use prefix patterns such as "loan.*", or a second endpoint';
    const fault = `events has ${events.length} patterns; at most ${maxPatterns} are allowed`;
    throw new OuthookError("invalid_events", `${fault}: ${fix}`, { param: "events" });
  }
  const patterns = Array.from(events, (text: unknown, index) => parseKnownPattern(catalogue, text, `events[${index}]`));
  return patterns.length === 0 ? ["*"] : [...new Set(patterns)];
}

function parseKnownPattern(catalogue: AnyEvents | null, text: unknown, param: string): string {
  const pattern = parsePattern(text, param);
  switch (pattern.kind) {
    case "all":
      return "*";
    case "exact":
      if (catalogue !== null && schemaOf(catalogue, pattern.type) === null) {
        throw unknownEventType(param, pattern.type, adviceFor(pattern.type, catalogue, patternsOf(catalogue)));
      }
      return pattern.type;
    case "prefix": {
      const spelled = `${pattern.prefix}.*`;
      if (catalogue !== null && !catalogueTypes(catalogue).some((type) => matchesPattern(pattern, type))) {
        const fault = `${param} ${shown(spelled)} matches no event type of the catalogue`;
        const advice = adviceFor(spelled, catalogue, patternsOf(catalogue));
        throw new OuthookError("invalid_events", `${fault}. ${advice}`, { param });
      }
      return spelled;
    }
  }
}

function schemaOf(catalogue: AnyEvents, type: string): StandardSchemaV1 | null {
  // Own keys only: "constructor" is a well-formed event type.
  return Object.hasOwn(catalogue.definitions, type) ? (catalogue.definitions[type] ?? null) : null;
}

function isStandardSchema(value: unknown): boolean {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  const standard = "~standard" in value ? value["~standard"] : null;
  return (
    typeof standard === "object" &&
    standard !== null &&
    "version" in standard &&
    standard.version === 1 &&
    "validate" in standard &&
    typeof standard.validate === "function"
  );
}

function unfitPayload(type: string, issues: readonly StandardSchemaV1.Issue[]): OuthookError {
  const errors: readonly ErrorDetail[] = issues.map(({ path = [], message }) => ({
    param: placeOf(path.map((step) => (typeof step === "object" ? step.key : step))),
    detail: message,
  }));
  const first = errors.slice(0, 3).map(({ param, detail }) => `${param}: ${shortened(detail, 120)}`);
  const more = errors.length > first.length ? `; and ${errors.length - first.length} more` : "";
  return new OuthookError(
    "invalid_payload",
    `data does not fit the schema of ${shown(type)}${first.length === 0 ? "" : `: ${first.join("; ")}`}${more}`,
    { param: errors[0]?.param ?? "data", errors },
  );
}

function unknownEventType(param: string, type: string, advice: string): OuthookError {
  const fault = `${param} ${shown(type)} is not in the event catalogue`;
  return new OuthookError("unknown_event_type", `${fault}. ${advice}`, { param });
}

function adviceFor(text: string, catalogue: AnyEvents, candidates: readonly string[]): string {
  const known = catalogueTypes(catalogue);
  const some = known.slice(0, 5).map(shown).join(", ");
  const more = known.length > 5 ? ` and ${known.length - 5} more` : "";
  const list = known.length === 0 ? "It has no event types at all" : `It has ${some}${more}`;
  const near = nearest(text, candidates);
  return near.length === 0 ? list : `Did you mean ${near.map(shown).join(" or ")}? ${list}`;
}

/** Every pattern that matches something: the event types, and the prefix patterns above them. */
function patternsOf(catalogue: AnyEvents): readonly string[] {
  const types = catalogueTypes(catalogue);
  const prefixes = types.flatMap((type) => {
    const segments = type.split(".");
    return segments.slice(1).map((_, index) => `${segments.slice(0, index + 1).join(".")}.*`);
  });
  return [...new Set([...types, ...prefixes])];
}

/** Up to three candidates that are fewest edits away, if that is few for the length of the text. */
function nearest(text: string, candidates: readonly string[]): readonly string[] {
  // Counting edits costs the product of the lengths, and of longer texts messages show only the head.
  if (text.length > 60) return [];
  const limit = Math.max(2, Math.floor(text.length / 4));
  const near = candidates
    .filter((candidate) => Math.abs(candidate.length - text.length) <= limit)
    .map((candidate) => ({ candidate, edits: editsBetween(text.toLowerCase(), candidate.toLowerCase()) }));
  const fewest = Math.min(limit, ...near.map(({ edits }) => edits));
  return near
    .filter(({ edits }) => edits === fewest)
    .map(({ candidate }) => candidate)
    .slice(0, 3);
}

/** Levenshtein distance. */
function editsBetween(from: string, to: string): number {
  let above = [...Array(to.length + 1).keys()];
  for (const [line, letter] of Array.from(from).entries()) {
    let left = line + 1;
    const row = [left];
    for (const [column, other] of Array.from(to).entries()) {
      const replaced = (above[column] ?? 0) + (letter === other ? 0 : 1);
      left = Math.min(left + 1, (above[column + 1] ?? 0) + 1, replaced);
      row.push(left);
    }
    above = row;
  }
  return above.at(-1) ?? 0;
}
