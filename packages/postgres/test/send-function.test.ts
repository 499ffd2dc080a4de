import { createOuthook, partitionOf } from "@outhook/core";
import pg from "pg";
import { beforeAll, describe, expect, it } from "vitest";
import { postgresStore } from "../src/index.ts";
import { runOn, useDatabase } from "./fixtures/database.ts";

const database = useDatabase();
const spread = { "a very large one": 8 };

beforeAll(async () => {
  const outhook = openOuthook();
  await outhook.migrate();
  await outhook.close();
});

function openOuthook() {
  return createOuthook({
    store: postgresStore({ connectionString: database.url() }),
    secretKeys: "plaintext",
    spread,
    network: { allow: ["127.0.0.0/8"], allowHttp: true },
  });
}

/** Calls the function on a connection of its own, as a service in another language would. */
async function call(sql: string, values: unknown[] = []): Promise<string> {
  const client = new pg.Client({ connectionString: database.url() });
  await client.connect();
  try {
    const { rows } = await client.query(sql, values);
    return rows[0].id;
  } finally {
    await client.end();
  }
}

async function stored(id: string): Promise<Readonly<Record<string, unknown>>> {
  const [row] = await runOn(database.url(), `select * from outhook.outhook_messages where id = '${id}'`);
  return row ?? {};
}

describe("outhook.send(tenant, type, data)", () => {
  it("writes the row that send writes", async () => {
    const before = Date.now();
    const id = await call(`select outhook.send('acme', 'loan.active', '{"id":"ln_1"}') as id`);
    const outhook = openOuthook();
    const sent = await outhook.tenant("acme").send("loan.active", { id: "ln_1" });
    await outhook.close();

    const [ours, theirs] = [await stored(id), await stored(sent.id)];
    expect(id).toMatch(/^msg_[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
    expect(id < sent.id).toBe(true);
    const createdAt = Number(ours["created_at"]);
    expect(Math.abs(createdAt - before)).toBeLessThan(10_000);
    expect(ours["body"]).toBe(
      `{"type":"loan.active","timestamp":"${new Date(createdAt).toISOString()}","data":{"id":"ln_1"}}`,
    );
    const changing = { id: "", body: "", created_at: "" };
    expect({ ...ours, ...changing }).toEqual({ ...theirs, ...changing });
  });

  it.each(["acme", "ацме", "a very large one", "🦑".repeat(60), "x\"'\\ y"])(
    "puts messages and keys of %s where send puts them",
    async (tenant) => {
      const layout = { partitions: 64, spread };
      for (const key of [null, "k1", "another:key"]) {
        const id = await call("select outhook.send($1, 'loan.active', 'null', $2, $3) as id", [
          tenant,
          key,
          tenant in spread ? 8 : 1,
        ]);
        expect(await stored(id)).toMatchObject({ tenant, partition: partitionOf(tenant, key ?? id, layout) });
      }
    },
  );

  it.each([
    { kind: "a bare literal", data: `'{"b": 1,  "a":"\\u0000"}'`, body: `{"b": 1,  "a":"\\u0000"}` },
    { kind: "json", data: `'{"b": 1,  "a":2}'::json`, body: `{"b": 1,  "a":2}` },
    { kind: "jsonb", data: `jsonb_build_object('b', 1, 'a', 2)`, body: `{"a": 2, "b": 1}` },
    { kind: "text", data: `'[1]'::text`, body: "[1]" },
    { kind: "a row", data: `(select to_json(loan) from (select 'ln_1' as id) loan)`, body: `{"id":"ln_1"}` },
  ])("takes $kind", async ({ data, body }) => {
    const { body: found } = await stored(await call(`select outhook.send('acme', 'loan.active', ${data}) as id`));
    expect(String(found).endsWith(`,"data":${body}}`)).toBe(true);
  });

  it("takes a key once, whoever used it first", async () => {
    const outhook = openOuthook();
    const keyed = `select outhook.send('acme', 'loan.active', $1, idempotency_key => $2) as id`;
    const first = await call(keyed, ['{"id":"ln_1"}', "from:sql"]);
    expect(await call(keyed, ['{"id":"ln_1"}', "from:sql"])).toBe(first);
    expect(await outhook.tenant("acme").send("loan.active", { id: "ln_1" }, { idempotencyKey: "from:sql" })).toEqual({
      id: first,
      duplicate: true,
    });

    const { id } = await outhook.tenant("acme").send("loan.active", { id: "ln_2" }, { idempotencyKey: "from:app" });
    expect(await call(keyed, ['{"id":"ln_2"}', "from:app"])).toBe(id);
    await expect(call(keyed, ['{"id":"ln_3"}', "from:app"])).rejects.toMatchObject({
      code: "23505",
      message: expect.stringContaining(`'from:app' was used before for message ${id}`),
    });
    await outhook.close();
  });

  it.each([
    { call: `('', 'loan.active', '1')`, message: "outhook: tenant is ''; it must be 1 to 256 characters" },
    { call: `(null, 'loan.active', '1')`, message: "outhook: tenant is NULL" },
    { call: `(repeat('x', 257), 'loan.active', '1')`, message: "outhook: tenant is 'xxx" },
    { call: `(chr(133), 'loan.active', '1')`, message: "outhook: tenant is " },
    { call: `('acme', 'loan..active', '1')`, message: "outhook: type is 'loan..active'; it must be an event type" },
    { call: `('acme', E'loan\\n', '1')`, message: "outhook: type is " },
    { call: `('acme', null, '1')`, message: "outhook: type is NULL" },
    {
      call: `('acme', 'loan', null::text)`,
      message: "outhook: data is NULL; it must be JSON, whose own null is 'null'",
    },
    { call: `('acme', 'loan', '{"id":}')`, message: "invalid input syntax for type json" },
    { call: `('acme', 'loan', '1', '')`, message: "outhook: idempotency_key is ''; it must be 1 to 255" },
    { call: `('acme', 'loan', '1', 'a b')`, message: "outhook: idempotency_key is 'a b'" },
    { call: `('acme', 'loan', to_json(repeat('x', 1048576)))`, message: "outhook: the body would be 1048" },
  ])("refuses $call and writes nothing", async ({ call: values, message }) => {
    const count = "select count(*)::int as rows from outhook.outhook_messages";
    const before = await runOn(database.url(), count);
    await expect(call(`select outhook.send${values} as id`)).rejects.toThrow(message);
    expect(await runOn(database.url(), count)).toEqual(before);
  });

  it("goes with the transaction that calls it, as in a trigger", async () => {
    await runOn(
      database.url(),
      `create table loans (id text, state text);
       create function tell_of_loan() returns trigger language plpgsql as $$
       begin
         perform outhook.send('globex', 'loan.' || new.state, to_jsonb(new));
         return new;
       end $$;
       create trigger tell after insert on loans for each row execute function tell_of_loan()`,
    );
    await runOn(database.url(), "begin; insert into loans values ('ln_1', 'refused'); rollback");
    await runOn(database.url(), "insert into loans values ('ln_2', 'active')");
    expect(await runOn(database.url(), "select type from outhook.outhook_messages where tenant = 'globex'")).toEqual([
      { type: "loan.active" },
    ]);
  });

  it("needs no more than the rights that its one statement needs", async () => {
    const role = `outhook_${crypto.randomUUID().replaceAll("-", "")}`;
    await runOn(
      database.url(),
      `create role ${role} login password 'x'; grant usage on schema outhook to ${role};
       grant select on outhook.outhook_meta to ${role};
       grant select, insert, update on outhook.outhook_messages to ${role}`,
    );
    const url = Object.assign(new URL(database.url()), { username: role, password: "x" }).href;
    const [sent] = await runOn(url, `select outhook.send('acme', 'loan.active', '1') as id`);
    expect(await stored(String(sent?.["id"]))).toMatchObject({ tenant: "acme" });
    await runOn(database.url(), `drop owned by ${role}; drop role ${role}`);
  });

  it.each([
    {
      what: "a table that has the name of a type",
      before: "create temp table text (id int); create temp table json (id int)",
    },
    { what: "an empty search path", before: "set search_path = ''" },
    { what: "functions of its own before those of Postgres", before: "set search_path = own, pg_catalog" },
    { what: "backslashes that escape", before: "set standard_conforming_strings = off" },
  ])("is not misled by a session with $what", async ({ before }) => {
    const ownFunction = "create schema own; create function own.length(text) returns int language sql as 'select 0'";
    await runOn(database.url(), `drop schema if exists own cascade; ${ownFunction}`);
    const send = (type: string) =>
      runOn(database.url(), `${before}; select outhook.send('acme', '${type}', '{}') as id`);
    const [sent] = await send("loan.active");
    expect(await stored(String(sent?.["id"]))).toMatchObject({ type: "loan.active" });
    await expect(send('loan"active')).rejects.toThrow("outhook: type is ");
  });

  it("takes texts of any collation", async () => {
    const [sent] = await runOn(
      database.url(),
      `create collation either_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
       create table cased (name text collate either_case);
       insert into cased values ('acme');
       select outhook.send(name, name, '1', name) as id from cased`,
    );
    expect(await stored(String(sent?.["id"]))).toMatchObject({ tenant: "acme", type: "acme", idempotency_key: "acme" });
  });

  it("lies in schemas of any name", async () => {
    for (const schema of ["$$", "a$$b", "$body$ $$", "'; --"]) {
      await database.openStore({ schema });
      const [sent] = await runOn(database.url(), `select "${schema}".send('acme', 'loan.active', '{}'::jsonb) as id`);
      expect(sent?.["id"]).toMatch(/^msg_/);
    }
  });

  it("says what to do on a database that does not know its environment yet", async () => {
    await runOn(database.url(), "create table kept as table outhook.outhook_meta; truncate outhook.outhook_meta");
    await expect(call(`select outhook.send('acme', 'loan.active', '1') as id`)).rejects.toMatchObject({
      hint: "Run await outhook.migrate() once before the first send.",
    });
    await runOn(database.url(), "insert into outhook.outhook_meta table kept");
  });
});
