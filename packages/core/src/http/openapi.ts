import type { EventTypeDetails, JsonSchema } from "./event-types.ts";
import document from "./openapi.json" with { type: "json" };

/** The webhook of any event, which those of the catalogue's event types are made from. */
const anyEvent = document.webhooks.event.post;
const anyBody = anyEvent.requestBody.content["application/json"].schema;

/**
 * The OpenAPI 3.1 description of the standard API, with the catalogue's event types as its webhooks.
 *
 * Schemas of event types stand in its components as `event.loan.active`, so that clients made from it have types for them.
 */
export function openApiDocument(
  eventTypes: readonly EventTypeDetails[],
  envelope: "standard" | "custom",
): Readonly<Record<string, unknown>> {
  if (envelope === "custom") return withWebhooks(eventTypes, () => ({}));
  const schemas = eventTypes.flatMap(({ type, schema }) =>
    schema === null ? [] : [[nameOf(type), placed(schema, type)]],
  );
  const { components } = document;
  return {
    ...withWebhooks(eventTypes, standardBody),
    components: { ...components, schemas: { ...components.schemas, ...Object.fromEntries(schemas) } },
  };
}

/** The document with a webhook for each event type, or one for any where none are listed. */
function withWebhooks(
  eventTypes: readonly EventTypeDetails[],
  bodyOf: (eventType: EventTypeDetails | null) => unknown,
): Readonly<Record<string, unknown>> {
  if (eventTypes.length === 0) return { ...document, webhooks: { event: { post: withBody(bodyOf(null)) } } };
  const webhooks = eventTypes.map((one) => {
    const names = { operationId: `receive.${one.type}`, summary: one.type };
    return [one.type, { post: { ...withBody(bodyOf(one)), ...names } }];
  });
  return { ...document, webhooks: Object.fromEntries(webhooks) };
}

function withBody(schema: unknown): object {
  const requestBody = { ...anyEvent.requestBody, content: { "application/json": { schema } } };
  return { ...anyEvent, requestBody };
}

/** What receivers see unless the host has an envelope of its own. */
function standardBody(eventType: EventTypeDetails | null): unknown {
  if (eventType === null) return anyBody;
  const { type, schema } = eventType;
  const { properties } = anyBody;
  const data = schema === null ? properties.data : { $ref: `#/components/schemas/${nameOf(type)}` };
  return { ...anyBody, properties: { ...properties, type: { ...properties.type, const: type }, data } };
}

/** With a dot, unlike the names of the API's own schemas. */
function nameOf(type: string): string {
  return `event.${type}`;
}

/** A schema as a part of the document: what points to a part of the schema itself points to its place there. */
function placed(schema: JsonSchema, type: string): unknown {
  const { $schema: _, $id: __, ...rest } = schema;
  return repointed(rest, `#/components/schemas/${nameOf(type)}`);
}

function repointed(value: unknown, place: string): unknown {
  if (Array.isArray(value)) return value.map((item) => repointed(item, place));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, item]: readonly [string, unknown]) => {
    const isPointer = key === "$ref" && typeof item === "string" && /^#(?:\/|$)/.test(item);
    return [key, isPointer ? place + item.slice(1) : repointed(item, place)];
  });
  return Object.fromEntries(entries);
}
