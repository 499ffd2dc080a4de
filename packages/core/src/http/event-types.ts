import type { AnyEvents } from "../events.ts";

/** A JSON Schema. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** An event type of the catalogue. */
export type EventTypeDetails = {
  readonly type: string;
  /** JSON Schema (2020-12) of what is sent; `null` when the schema's library cannot say. */
  readonly schema: JsonSchema | null;
};

/** Converting a schema takes the libraries about half a millisecond, too long for every request. */
const converted = new WeakMap<AnyEvents, readonly EventTypeDetails[]>();

/** The event types of a catalogue, in the order of its definition; none without a catalogue. */
export function eventTypesOf(events: AnyEvents | null): readonly EventTypeDetails[] {
  if (events === null) return [];
  const known = converted.get(events);
  if (known !== undefined) return known;
  const eventTypes = Object.entries(events.definitions).map(([type, schema]) => ({
    type,
    schema: jsonSchemaOf(schema),
  }));
  converted.set(events, eventTypes);
  return eventTypes;
}

/** The second is zod's, and lets it leave a date open instead of giving up on everything around it. */
const jsonSchemaOptions = { target: "draft-2020-12", libraryOptions: { unrepresentable: "any" } };

/** By Standard JSON Schema, which newer versions of the schema libraries implement. */
function jsonSchemaOf(schema: object): JsonSchema | null {
  const standard: unknown = Reflect.get(schema, "~standard");
  const converter: unknown = isObject(standard) ? standard["jsonSchema"] : null;
  const output = isObject(converter) ? converter["output"] : null;
  if (typeof output !== "function") return null;
  try {
    // Through its text, which shows whether it is JSON at all: libraries let people put anything into a schema.
    const text = JSON.stringify(Reflect.apply(output, converter, [jsonSchemaOptions]));
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : null;
  } catch {
    // What the library has no word for in JSON Schema.
    return null;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
