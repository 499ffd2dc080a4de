import type { StandardSchemaV1 } from "@standard-schema/spec";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineEvents } from "../../src/events.ts";
import { eventTypesOf } from "../../src/http/event-types.ts";

const validate = (value: unknown) => ({ value });

/** A schema of a library that writes down what `output` returns, or nothing without one. */
function schema(output?: (options: { readonly target: string }) => unknown): StandardSchemaV1 {
  const standard = { version: 1, vendor: "own", validate, ...(output !== undefined && { jsonSchema: { output } }) };
  return { "~standard": standard as StandardSchemaV1["~standard"] };
}

describe("the event types of a catalogue", () => {
  it("have the schemas of what is sent, in the order of their definition", () => {
    const events = defineEvents({
      "loan.active": z.object({ id: z.string(), rate: z.number().default(3) }),
      "customer.created": z.object({}),
    });
    expect(eventTypesOf(events)).toEqual([
      {
        type: "loan.active",
        schema: {
          $schema: "https://json-schema.org/draft/2020-12/schema",
          type: "object",
          properties: { id: { type: "string" }, rate: { type: "number", default: 3 } },
          required: ["id", "rate"],
          additionalProperties: false,
        },
      },
      { type: "customer.created", schema: expect.objectContaining({ type: "object" }) },
    ]);
  });

  it("are none without a catalogue", () => {
    expect(eventTypesOf(null)).toEqual([]);
  });

  it("ask for the dialect that OpenAPI 3.1 has", () => {
    const targets: unknown[] = [];
    eventTypesOf(defineEvents({ a: schema(({ target }) => targets.push(target)) }));
    expect(targets).toEqual(["draft-2020-12"]);
  });

  it("are converted once for each catalogue", () => {
    let conversions = 0;
    const definitions = { a: schema(() => ({ maxLength: (conversions += 1) })) };
    const events = defineEvents(definitions);
    expect(eventTypesOf(events)).toBe(eventTypesOf(events));
    expect(eventTypesOf(defineEvents(definitions))).toEqual([{ type: "a", schema: { maxLength: 2 } }]);
  });

  it("leave open what JSON Schema has no word for, and keep the rest", () => {
    const definition = z.object({ at: z.date(), size: z.string().transform((text) => text.length), id: z.string() });
    const [eventType] = eventTypesOf(defineEvents({ "loan.active": definition }));
    expect(eventType?.schema?.["properties"]).toEqual({ at: {}, size: {}, id: { type: "string" } });
  });

  it.each([
    { why: "the library cannot write schemas down", definition: schema() },
    {
      why: "the library throws",
      definition: schema(() => {
        throw new TypeError("a bug");
      }),
    },
    { why: "the library returns nothing", definition: schema(() => undefined) },
    { why: "the library returns a promise of one", definition: schema(() => null) },
    { why: "what is returned is no JSON", definition: schema(() => ({ maximum: 10n })) },
    { why: "what is returned has a cycle", definition: schema(cycle) },
  ])("have no schema when $why", ({ definition }) => {
    const events = defineEvents({ "loan.active": definition, "loan.expired": z.object({}) });
    const [first, second] = eventTypesOf(events);
    expect(first).toEqual({ type: "loan.active", schema: null });
    expect(second?.schema).not.toBeNull();
  });
});

function cycle(): object {
  const node: { child?: object } = {};
  node.child = node;
  return node;
}
