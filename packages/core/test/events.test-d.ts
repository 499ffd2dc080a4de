import type { StandardSchemaV1 } from "@standard-schema/spec";
import { describe, expectTypeOf, it } from "vitest";
import { z } from "zod";
import type { AnyEvents, EventCatalogue, EventTypeOf, PatternOf, PayloadOf } from "../src/events.ts";
import { defineEvents } from "../src/events.ts";

const events = defineEvents({
  "loan.active": z.object({ id: z.string(), amount: z.number().default(0), at: z.string().transform(Number) }),
  "kyc.result.approved": z.object({ inquiry: z.string() }),
  ping: z.undefined(),
});
type Events = typeof events;

/** The shape that a tenant gives these types. */
type Tenant<C extends AnyEvents> = {
  readonly send: <T extends EventTypeOf<C>>(type: T, data: PayloadOf<C, T>) => Promise<void>;
  readonly create: (input: { readonly url: string; readonly events?: readonly PatternOf<C>[] | undefined }) => void;
};

declare const acme: Tenant<Events>;
declare const typed: StandardSchemaV1<{ a: 1 }, 2>;
declare const open: Tenant<AnyEvents>;
declare function tenantOf<C extends AnyEvents = AnyEvents>(options: { readonly events?: C | undefined }): Tenant<C>;

const url: string = "https://example.com/";
const active = { id: "ln_1", at: "1" };

describe("the types of an event catalogue", () => {
  it("knows the event types", () => {
    expectTypeOf<EventTypeOf<Events>>().toEqualTypeOf<"loan.active" | "kyc.result.approved" | "ping">();
  });

  it("takes a payload as the schema's input, before defaults and transforms", () => {
    expectTypeOf<PayloadOf<Events, "loan.active">>().toEqualTypeOf<{
      id: string;
      amount?: number | undefined;
      at: string;
    }>();
    expectTypeOf<PayloadOf<Events, "ping">>().toEqualTypeOf<undefined>();
  });

  it("knows the patterns that match something: the types, the prefixes at every depth, and all", () => {
    expectTypeOf<PatternOf<Events>>().toEqualTypeOf<
      "loan.active" | "loan.*" | "kyc.result.approved" | "kyc.result.*" | "kyc.*" | "ping" | "*"
    >();
  });

  it("takes a known type with its payload", () => {
    expectTypeOf(acme.send("loan.active", active)).toEqualTypeOf<Promise<void>>();
    void acme.send("loan.active", { ...active, amount: 5 });
    void acme.send("kyc.result.approved", { inquiry: "inq_1" });
    void acme.send("ping", undefined);
  });

  it("refuses an unknown event type", () => {
    // @ts-expect-error the type is misspelt
    void acme.send("loan.actve", active);
    // @ts-expect-error a pattern is no event type
    void acme.send("loan.*", active);
    // @ts-expect-error a prefix is no event type
    void acme.send("loan", active);
    // @ts-expect-error a type known only at run time may not be in the catalogue
    void acme.send(url, active);
  });

  it("refuses a wrong payload", () => {
    // @ts-expect-error a field is missing
    void acme.send("loan.active", { at: "1" });
    // @ts-expect-error a field is of another type
    void acme.send("loan.active", { id: 1, at: "1" });
    // @ts-expect-error a field is unknown
    void acme.send("kyc.result.approved", { inquiry: "inq_1", extra: true });
    // @ts-expect-error the payload is another type's
    void acme.send("kyc.result.approved", active);
    // @ts-expect-error the payload is missing
    void acme.send("loan.active");
  });

  it("takes patterns that match something", () => {
    acme.create({ url });
    acme.create({ url, events: [] });
    acme.create({ url, events: undefined });
    acme.create({ url, events: ["*", "loan.*", "loan.active", "kyc.*", "kyc.result.*", "kyc.result.approved"] });
  });

  it("refuses a pattern that can match nothing", () => {
    // @ts-expect-error the prefix is misspelt
    acme.create({ url, events: ["lon.*"] });
    // @ts-expect-error nothing follows a whole type
    acme.create({ url, events: ["loan.active.*"] });
    // @ts-expect-error wildcards stand for whole segments
    acme.create({ url, events: ["loan.pay*"] });
    // @ts-expect-error a prefix alone is no pattern
    acme.create({ url, events: ["loan"] });
    // @ts-expect-error a trailing dot is no pattern
    acme.create({ url, events: ["loan."] });
    // @ts-expect-error a wildcard stands at the end
    acme.create({ url, events: ["*.active"] });
    // @ts-expect-error events is a list
    acme.create({ url, events: "*" });
  });

  it("takes any type, payload and pattern where there is no catalogue", () => {
    expectTypeOf<EventTypeOf<AnyEvents>>().toEqualTypeOf<string>();
    expectTypeOf<PayloadOf<AnyEvents, string>>().toEqualTypeOf<unknown>();
    expectTypeOf<PatternOf<AnyEvents>>().toEqualTypeOf<string>();
    void open.send("any.type", { any: "payload" });
    void open.send(url, 1);
    open.create({ url, events: ["any.*", url] });
    // @ts-expect-error a type is still text
    void open.send(42, {});
  });

  it("is inferred from the options, and stays open without them", () => {
    expectTypeOf(tenantOf({ events })).toEqualTypeOf<Tenant<Events>>();
    expectTypeOf(tenantOf({})).toEqualTypeOf<Tenant<AnyEvents>>();
  });

  it("lets a catalogue stand where any will do", () => {
    expectTypeOf<Events>().toExtend<AnyEvents>();
    expectTypeOf<EventCatalogue<{ ping: StandardSchemaV1<{ a: 1 }, 2> }>>().toExtend<AnyEvents>();
  });

  it("takes hand-made schemas, typed or not", () => {
    const untyped = { "~standard": { version: 1, vendor: "test", validate: (value: unknown) => ({ value }) } } as const;
    const made = defineEvents({ "a.typed": typed, "a.untyped": untyped });
    expectTypeOf<PayloadOf<typeof made, "a.typed">>().toEqualTypeOf<{ a: 1 }>();
    expectTypeOf<PayloadOf<typeof made, "a.untyped">>().toEqualTypeOf<unknown>();
  });

  it("refuses a definition that is no Standard Schema", () => {
    // @ts-expect-error a plain object is no schema
    defineEvents({ "loan.active": { id: "string" } });
  });

  it("cannot be changed", () => {
    // @ts-expect-error the definitions are read-only
    events.definitions.ping = z.undefined();
  });
});
