import type { AnyEvents, Outhook, SendResult } from "@outhook/core";
import { createOuthook, defineEvents, memoryStore } from "@outhook/core";
import type { SqliteTransaction } from "@outhook/sqlite";
import { sqliteStore } from "@outhook/sqlite";
import type BetterSqlite3 from "better-sqlite3";
import type { Kysely, Transaction } from "kysely";
import { describe, expectTypeOf, it } from "vitest";
import { z } from "zod";

type Host = { readonly orders: { readonly id: string } };
declare const tx: Transaction<Host>;
declare const db: Kysely<Host>;
declare const handle: BetterSqlite3.Database;

const events = defineEvents({ "loan.active": z.object({ id: z.string() }), "loan.terms.updated": z.object({}) });
const typed = createOuthook({ store: sqliteStore({ path: ":memory:" }), events, secretKeys: "plaintext" });
const untyped = createOuthook({ store: memoryStore(), secretKeys: "plaintext" });

describe("createOuthook", () => {
  it("takes the catalogue and the transactions from its options", () => {
    expectTypeOf(typed).toEqualTypeOf<Outhook<typeof events, SqliteTransaction>>();
    expectTypeOf(untyped).toEqualTypeOf<Outhook<AnyEvents, never>>();
    expectTypeOf(typed.events).toEqualTypeOf<typeof events | null>();
  });
});

describe("send", () => {
  const acme = typed.tenant("acme");

  it("accepts the catalogue's event types with their payloads", () => {
    expectTypeOf(acme.send("loan.active", { id: "ln_1" })).resolves.toEqualTypeOf<SendResult>();
    // @ts-expect-error the catalogue has no such event type
    void acme.send("loan.activ", { id: "ln_1" });
    // @ts-expect-error the id is a string
    void acme.send("loan.active", { id: 1 });
  });

  it("accepts anything without a catalogue", () => {
    void untyped.tenant("acme").send("whatever.happened", { any: "thing" });
  });

  it("joins what the store can join", () => {
    void acme.send("loan.active", { id: "ln_1" }, { tx });
    // @ts-expect-error a Kysely instance is no transaction
    void acme.send("loan.active", { id: "ln_1" }, { tx: db });
    // @ts-expect-error transactions of better-sqlite3 are synchronous: prepare is for them
    void acme.send("loan.active", { id: "ln_1" }, { tx: handle });
    // @ts-expect-error the memory store joins nothing
    void untyped.tenant("acme").send("loan.active", {}, { tx });
  });
});

describe("endpoints.create", () => {
  const { create } = typed.tenant("acme").endpoints;

  it("accepts patterns that can match", () => {
    void create({ url: "https://acme.example", events: ["loan.active", "loan.*", "loan.terms.*", "*"] });
    // @ts-expect-error nothing starts with lon
    void create({ url: "https://acme.example", events: ["lon.*"] });
    // @ts-expect-error nothing lies below loan.active
    void create({ url: "https://acme.example", events: ["loan.active.*"] });
  });
});

describe("endpoints.update", () => {
  const { create, update } = typed.tenant("acme").endpoints;

  it("removes headers and metadata by null, which create does not take for a value", () => {
    void update("ep_1", { headers: { "x-a": null }, metadata: { a: null, b: "1" } });
    void update("ep_1", { headers: null, metadata: null });
    // @ts-expect-error there is nothing to remove yet
    void create({ url: "https://acme.example", headers: { "x-a": null } });
    // @ts-expect-error there is nothing to remove yet
    void create({ url: "https://acme.example", metadata: { a: null } });
  });
});
