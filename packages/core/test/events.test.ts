import type { StandardSchemaV1 } from "@standard-schema/spec";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { OuthookError } from "../src/errors.ts";
import { isOuthookError } from "../src/errors.ts";
import { defineEvents, parseEvents, validatePayload } from "../src/events.ts";

const stock = schema<{ sku: string }, { sku: string; checked: true }>(async (value) => {
  await Promise.resolve();
  const known = typeof value === "object" && value !== null && "sku" in value && value.sku === "s1";
  return known
    ? { value: { sku: "s1", checked: true } }
    : { issues: [{ message: "no such item", path: [{ key: "sku" }] }, { message: "nothing in stock" }] };
});

const catalogue = defineEvents({
  "loan.active": z.object({ id: z.string(), amount: z.coerce.number().default(5) }),
  "loan.payment_received": z.object({ items: z.array(z.object({ amount: z.number() })) }),
  "customer.created": z.object({ id: z.string() }),
  "kyc.result.approved": z.object({}),
  "stock.changed": stock,
});

const hundred = Array.from({ length: 100 }, (_, index) => `a.b${index}`);

function schema<Input, Output>(
  validate: (value: unknown) => StandardSchemaV1.Result<Output> | Promise<StandardSchemaV1.Result<Output>>,
): StandardSchemaV1<Input, Output> {
  return { "~standard": { version: 1, vendor: "test", validate } };
}

function fail(): never {
  throw new Error("no\nconnection");
}

function refusalOf(run: () => unknown): OuthookError {
  try {
    run();
  } catch (error) {
    if (isOuthookError(error)) return error;
    throw error;
  }
  throw new Error("accepted");
}

async function rejectionOf(promise: Promise<unknown>): Promise<OuthookError> {
  const [settled] = await Promise.allSettled([promise]);
  return refusalOf(() => {
    if (settled.status === "rejected") throw settled.reason;
  });
}

describe("defineEvents", () => {
  it("keeps the definitions, frozen and apart from the object it was given", () => {
    const definitions = { "loan.active": z.object({}) };
    const events = defineEvents(definitions);
    expect(Object.isFrozen(events)).toBe(true);
    expect(Object.isFrozen(events.definitions)).toBe(true);
    expect(events.definitions["loan.active"]).toBe(definitions["loan.active"]);
    Reflect.deleteProperty(definitions, "loan.active");
    expect(Object.keys(events.definitions)).toEqual(["loan.active"]);
  });

  it.each([
    { type: "loan.", message: 'events["loan."]: the event type ends with a dot' },
    { type: "loan.*", message: 'events["loan.*"]: the event type has "*" at position 6' },
    { type: "", message: 'events[""]: the event type is empty' },
    { type: "a".repeat(257), message: "the event type has 257 characters; at most 256 are allowed" },
  ])("refuses the malformed event type $type", ({ type, message }) => {
    const error = refusalOf(() => defineEvents({ [type]: z.string() }));
    expect(error.code).toBe("invalid_event_type");
    expect(error.message).toContain(message);
  });

  it.each<{ name: string; value: unknown }>([
    { name: "undefined", value: undefined },
    { name: "null", value: null },
    { name: "an object", value: { type: "object" } },
    { name: "a function", value: () => true },
    { name: "an object", value: { "~standard": null } },
    { name: "an object", value: { "~standard": { version: 1, vendor: "test" } } },
    { name: "an object", value: { "~standard": { version: 2, vendor: "test", validate: () => ({ value: 1 }) } } },
  ])("refuses $name where a Standard Schema belongs, and names the place", ({ name, value }) => {
    const error = refusalOf(() => Reflect.apply(defineEvents, undefined, [{ ok: z.string(), "loan.active": value }]));
    expect(error).toMatchObject({ code: "invalid_options", param: 'events["loan.active"]' });
    expect(error.message).toContain(`events["loan.active"] is ${name}, not a Standard Schema`);
  });

  it.each([undefined, null, "loan.active"])("refuses %j in place of the definitions", (definitions) => {
    expect(refusalOf(() => Reflect.apply(defineEvents, undefined, [definitions]))).toMatchObject({
      code: "invalid_options",
      param: "events",
    });
  });

  it("takes schemas that are functions", () => {
    const callable = Object.assign(
      () => true,
      schema<unknown, unknown>((value) => ({ value })),
    );
    expect(Object.keys(defineEvents({ "loan.active": callable }).definitions)).toEqual(["loan.active"]);
  });
});

describe("validatePayload", () => {
  it("resolves to the schema's output, not to the input", async () => {
    const data = { id: "ln_1", amount: "12", extra: true };
    expect(await validatePayload(catalogue, "loan.active", data)).toEqual({ id: "ln_1", amount: 12 });
    expect(await validatePayload(catalogue, "loan.active", { id: "ln_1" })).toEqual({ id: "ln_1", amount: 5 });
  });

  it("awaits an asynchronous schema", async () => {
    expect(await validatePayload(catalogue, "stock.changed", { sku: "s1" })).toEqual({ sku: "s1", checked: true });
  });

  it("calls the schema before it returns, so that later changes of the data are too late", async () => {
    const data = { id: "before" };
    const validated = validatePayload(catalogue, "customer.created", data);
    data.id = "after";
    expect(await validated).toEqual({ id: "before" });
  });

  it("without a catalogue passes any payload of any well-formed type through", async () => {
    const data = { anything: 1 };
    expect(await validatePayload(null, "any.type.at_all", data)).toBe(data);
    expect(await validatePayload(null, "__proto__", data)).toBe(data);
  });

  it.each<{ type: unknown; message: string }>([
    { type: "user created", message: 'type "user created" has " " (U+0020) at position 5' },
    { type: "user.*", message: 'type "user.*" has "*" at position 6' },
    { type: ".a", message: 'type ".a" starts with a dot' },
    { type: "a".repeat(257), message: "has 257 characters; at most 256 are allowed" },
    { type: "üser", message: 'type "üser" has "ü" (U+00FC) at position 1' },
    { type: 42, message: "type is 42; send an event type such as" },
    { type: null, message: "type is null" },
    { type: ["loan.active"], message: "type is an array" },
    { type: { toString: () => "loan.active" }, message: "type is an object" },
  ])("refuses a malformed type with or without a catalogue: $message", async ({ type, message }) => {
    for (const events of [catalogue, null]) {
      const error = await rejectionOf(validatePayload(events, type, {}));
      expect(error).toMatchObject({ code: "invalid_event_type", param: "type" });
      expect(error.message).toContain(message);
    }
  });

  it("shows at most 60 characters of a type of 10 MB", async () => {
    const { message } = await rejectionOf(validatePayload(catalogue, "a".repeat(10_000_000), {}));
    expect(message).toContain(`type "${"a".repeat(59)}…" has 10000000 characters`);
    expect(message.length).toBeLessThan(200);
  });

  it.each([
    { type: "loan.actve", advice: 'Did you mean "loan.active"? It has "loan.active", "loan.payment_received", ' },
    { type: "Loan.Active", advice: 'Did you mean "loan.active"? ' },
    { type: "loan.payment_recieved", advice: 'Did you mean "loan.payment_received"? ' },
    { type: "customers.created", advice: 'Did you mean "customer.created"? ' },
    { type: "invoice.paid", advice: 'catalogue. It has "loan.active", "loan.payment_received", "customer.created", ' },
    { type: "loan", advice: 'catalogue. It has "loan.active"' },
    { type: "constructor", advice: "catalogue. It has " },
    { type: "__proto__", advice: "catalogue. It has " },
  ])("refuses the unknown type $type with advice: $advice", async ({ type, advice }) => {
    const error = await rejectionOf(validatePayload(catalogue, type, {}));
    expect(error).toMatchObject({ code: "unknown_event_type", param: "type" });
    expect(error.message).toContain(`type "${type}" is not in the event catalogue`);
    expect(error.message).toContain(advice);
  });

  it("names several equally near types, and a few of many", async () => {
    const many = Array.from({ length: 200 }, (_, index) => [`loan.step${index}`, z.object({})]);
    const error = await rejectionOf(validatePayload(defineEvents(Object.fromEntries(many)), "loan.step", {}));
    expect(error.message).toContain('Did you mean "loan.step0" or "loan.step1" or "loan.step2"? ');
    expect(error.message).toContain(
      'It has "loan.step0", "loan.step1", "loan.step2", "loan.step3", "loan.step4" and 195',
    );
  });

  it("names only the nearest", async () => {
    const events = defineEvents({ "order.paid2": z.object({}), "order.paid": z.object({}) });
    const { message } = await rejectionOf(validatePayload(events, "order.pad", {}));
    expect(message).toContain('Did you mean "order.paid"? ');
  });

  it("compares no types that are too long to be shown whole", async () => {
    const error = await rejectionOf(validatePayload(defineEvents({ ["a".repeat(60)]: stock }), "a".repeat(61), {}));
    expect(error.message).not.toContain("Did you mean");
  });

  it("says so when the catalogue is empty", async () => {
    const { message } = await rejectionOf(validatePayload(defineEvents({}), "loan.active", {}));
    expect(message).toContain("It has no event types at all");
  });

  it("lists the issues of a payload with their places, and the first ones in the message", async () => {
    const items = [{ amount: 1 }, { amount: "2" }, {}, { amount: null }, { amount: [] }];
    const error = await rejectionOf(validatePayload(catalogue, "loan.payment_received", { items }));
    expect(error).toMatchObject({ code: "invalid_payload", param: "data.items[1].amount" });
    expect(error.errors.map(({ param }) => param)).toEqual([
      "data.items[1].amount",
      "data.items[2].amount",
      "data.items[3].amount",
      "data.items[4].amount",
    ]);
    expect(error.errors[0]?.detail).toContain("expected number");
    expect(error.message).toMatch(
      /^data does not fit the schema of "loan\.payment_received": data\.items\[1\]\.amount: .*; and 1 more$/,
    );
  });

  it("understands paths of keys, of objects with keys, and none", async () => {
    const error = await rejectionOf(validatePayload(catalogue, "stock.changed", { sku: "s2" }));
    expect(error.errors).toEqual([
      { param: "data.sku", detail: "no such item" },
      { param: "data", detail: "nothing in stock" },
    ]);
    expect(error.message).toBe(
      'data does not fit the schema of "stock.changed": data.sku: no such item; data: nothing in stock',
    );
  });

  it("refuses a payload that a schema refuses without a reason", async () => {
    const events = defineEvents({ "loan.active": schema(() => ({ issues: [] })) });
    const error = await rejectionOf(validatePayload(events, "loan.active", {}));
    expect(error).toMatchObject({ code: "invalid_payload", param: "data" });
    expect(error.message).toBe('data does not fit the schema of "loan.active"');
  });

  it.each([
    { name: "throws", validate: fail },
    { name: "rejects", validate: async () => fail() },
  ])("keeps the cause when a schema $name", async ({ validate }) => {
    const events = defineEvents({ "loan.active": schema(validate) });
    const error = await rejectionOf(validatePayload(events, "loan.active", {}));
    expect(error).toMatchObject({ code: "invalid_payload", param: "data", cause: { message: "no\nconnection" } });
    expect(error.message).toBe(
      'data could not be checked; the schema of "loan.active" threw instead of reporting issues: no\\nconnection',
    );
  });
});

describe("parseEvents", () => {
  it.each<{ name: string; events: unknown; patterns: readonly string[] }>([
    { name: "an omitted list", events: undefined, patterns: ["*"] },
    { name: "an empty list", events: [], patterns: ["*"] },
    { name: "all", events: ["*"], patterns: ["*"] },
    { name: "an event type", events: ["loan.active"], patterns: ["loan.active"] },
    { name: "a prefix pattern", events: ["loan.*", "kyc.result.*"], patterns: ["loan.*", "kyc.result.*"] },
    { name: "duplicates", events: ["kyc.*", "loan.*", "kyc.*", "loan.*"], patterns: ["kyc.*", "loan.*"] },
  ])("reads $name", ({ events, patterns }) => {
    expect(parseEvents(catalogue, events)).toEqual(patterns);
    expect(parseEvents(null, events)).toEqual(patterns);
  });

  it("takes 100 patterns", () => {
    expect(parseEvents(null, hundred)).toEqual(hundred);
  });

  it.each<{ events: unknown; param: string; message: string }>([
    { events: "*", param: "events", message: 'events is "*"; pass a list of patterns' },
    { events: null, param: "events", message: "events is null; pass a list" },
    { events: { 0: "user.created", length: 1 }, param: "events", message: "events is an object; pass a list" },
    { events: [...hundred, "a"], param: "events", message: "events has 101 patterns; at most 100 are allowed" },
    { events: Array(10_000_000), param: "events", message: "events has 10000000 patterns; at most 100 are allowed" },
    { events: ["loan.active", 42], param: "events[1]", message: "events[1] is 42; a pattern is a string" },
    { events: [null], param: "events[0]", message: "events[0] is null" },
    { events: Array(2), param: "events[0]", message: "events[0] is undefined" },
    {
      events: ["*", "loan."],
      param: "events[1]",
      message: 'events[1] "loan." ends with a dot; did you mean "loan.*"?',
    },
    { events: ["(a+)+$"], param: "events[0]", message: 'has "(" at position 1' },
  ])("refuses with or without a catalogue: $message", ({ events, param, message }) => {
    for (const known of [catalogue, null]) {
      const error = refusalOf(() => parseEvents(known, events));
      expect(error).toMatchObject({ code: "invalid_events", param });
      expect(error.message).toContain(message);
    }
  });

  it.each([
    { pattern: "loan.actve", code: "unknown_event_type", advice: 'Did you mean "loan.active"? It has ' },
    { pattern: "loan", code: "unknown_event_type", advice: 'Did you mean "loan.*"? ' },
    { pattern: "constructor", code: "unknown_event_type", advice: "is not in the event catalogue. It has " },
    {
      pattern: "lon.*",
      code: "invalid_events",
      advice: 'matches no event type of the catalogue. Did you mean "loan.*"? ',
    },
    { pattern: "loan.active.*", code: "invalid_events", advice: 'Did you mean "loan.active"? ' },
    { pattern: "kyc.results.*", code: "invalid_events", advice: 'Did you mean "kyc.result.*"? ' },
    { pattern: "invoice.*", code: "invalid_events", advice: "matches no event type of the catalogue. It has " },
  ])("with a catalogue refuses $pattern, which matches nothing: $advice", ({ pattern, code, advice }) => {
    const error = refusalOf(() => parseEvents(catalogue, ["*", pattern]));
    expect(error).toMatchObject({ code, param: "events[1]" });
    expect(error.message).toContain(`events[1] "${pattern}" `);
    expect(error.message).toContain(advice);
    expect(parseEvents(null, [pattern])).toEqual([pattern]);
  });
});
