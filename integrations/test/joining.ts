import type { AnyEvents, NewMessage, Tenant } from "@outhook/core";
import { newId } from "@outhook/core";
import { expect, it, onTestFinished } from "vitest";
import type { Host } from "../hosts/host.ts";
import type { CreateFixture, Fixture } from "./fixtures/fixture.ts";

const payloads: readonly { readonly what: string; readonly data: unknown }[] = [
  { what: "placeholders", data: "? ?? \\? :name $1 $2 $$ ${x} @p1" },
  { what: "quotes", data: `' '' " "" \` \\' -- /* */ ; drop table orders` },
  { what: "emoji and other planes", data: "👩‍👩‍👧 🏳️‍🌈 \u{10ffff} é 中" },
  { what: "line ends and control characters", data: "\r\n\t\v\f\u2028\u2029 \u0000 \u001f \u007f" },
  { what: "half a character", data: "\ud800" },
  { what: "values of all sorts, in this order", data: { z: 1, a: [null, true, -0.5, 1e21, ""], "": {} } },
  { what: "an instant as text", data: "2025-01-01T00:00:00.000Z" },
  { what: "200 KB", data: "é?$1'".repeat(40_000) },
];

/** Tests that `send(…, { tx })` works in the transactions of a library. */
export function itJoins<Tx>(
  create: CreateFixture<Tx>,
  /** What the library cannot do. */
  {
    isolated = true,
    tellsEnd = true,
  }: { readonly isolated?: boolean | undefined; readonly tellsEnd?: boolean | undefined } = {},
): void {
  const start = async (
    options = { migrated: true },
  ): Promise<Fixture<Tx> & { readonly acme: Tenant<AnyEvents, Tx> }> => {
    const fixture = await create(options);
    onTestFinished(fixture.remove);
    return { ...fixture, acme: fixture.outhook.tenant("acme") };
  };

  it("takes the message along when the host commits, and not before", async () => {
    const { host, acme, read } = await start();
    await host.transaction(async ({ tx, insertOrder }) => {
      await insertOrder("o_1");
      await acme.send("loan.active", { id: "ln_1" }, { tx });
      if (isolated) expect(await read("select id from outhook_messages")).toEqual([]);
    });
    expect(await read("select id from orders")).toEqual([{ id: "o_1" }]);
    expect(await read("select tenant, type from outhook_messages")).toEqual([{ tenant: "acme", type: "loan.active" }]);
  });

  it("leaves nothing when the host rolls back", async () => {
    const { host, acme, read } = await start();
    const rolledBack = host.transaction(async ({ tx, insertOrder }) => {
      await insertOrder("o_1");
      await acme.send("loan.active", { id: "ln_1" }, { tx });
      throw new Error("the host changed its mind");
    });
    await expect(rolledBack).rejects.toThrow("changed its mind");
    expect(await read("select id from orders")).toEqual([]);
    expect(await read("select id from outhook_messages")).toEqual([]);
  });

  it("runs exactly one statement in it, also for a key that was used", async () => {
    const { host, acme } = await start();
    const countOf = async (sends: number): Promise<number> => {
      const before = host.statements.length;
      await host.transaction(async ({ tx, countOrders }) => {
        await countOrders();
        for (let n = 0; n < sends; n += 1) await acme.send("loan.active", {}, { tx, idempotencyKey: "k" });
      });
      return host.statements.length - before;
    };
    const without = await countOf(0);
    expect(await countOf(1)).toBe(without + 1);
    expect(await countOf(3)).toBe(without + 3);
    expect(host.statements.filter((sql) => sql.includes("outhook"))).toHaveLength(4);
  });

  it("tells a repeated message from a different one, and lets the host go on", async () => {
    const { host, acme, read } = await start();
    const sent: { readonly id: string; readonly duplicate: boolean }[] = [];
    await host.transaction(async ({ tx }) => {
      sent.push(await acme.send("loan.active", { id: "ln_1" }, { tx, idempotencyKey: "k" }));
    });
    await host.transaction(async ({ tx, insertOrder }) => {
      sent.push(await acme.send("loan.active", { id: "ln_1" }, { tx, idempotencyKey: "k" }));
      const different = acme.send("loan.active", { id: "ln_2" }, { tx, idempotencyKey: "k" });
      await expect(different).rejects.toMatchObject({ code: "idempotency_mismatch", param: "idempotencyKey" });
      await insertOrder("o_1");
    });
    const [first, second] = sent;
    expect(first?.duplicate).toBe(false);
    expect(second).toEqual({ id: first?.id, duplicate: true });
    expect(await read("select id from outhook_messages")).toEqual([{ id: first?.id }]);
    expect(await read("select id from orders")).toEqual([{ id: "o_1" }]);
  });

  it("keeps every character of the payload, the tenant and the key", async () => {
    const { host, outhook, read } = await start();
    const name = 'o\'brien "?" $1 \\ 👩‍👩‍👧';
    await host.transaction(async ({ tx }) => {
      for (const [n, { data }] of payloads.entries()) {
        await outhook.tenant(name).send("loan.active", data, { tx, idempotencyKey: `${n}?$1'` });
      }
    });
    for (const [n, { what, data }] of payloads.entries()) {
      const rows = await read(`select tenant, body from outhook_messages where idempotency_key = '${n}?$1'''`);
      const body = bodyOf(rows);
      const whole = body.startsWith("{") ? JSON.stringify({ ...JSON.parse(body), data }) : "a body";
      expect({ what, rows }).toEqual({ what, rows: [{ tenant: name, body: whole }] });
    }
  });

  it("inserts several messages at once for the store's port", async () => {
    const { host, store, read } = await start();
    const keyed = (key: string | null, payloadHash: string | null): NewMessage => ({
      id: newId("msg_"),
      partition: 5,
      tenant: "acme",
      type: "loan.active",
      body: "{}",
      createdAt: 1_700_000_000_000,
      idempotencyKey: key,
      payloadHash,
    });
    const messages = [keyed(null, null), keyed("k", "a"), keyed(null, null), keyed("k", "a"), keyed("k", "b")];
    const before = host.statements.length;
    await host.transaction(async ({ tx }) => {
      const id = messages[1]?.id;
      expect(await store.messages.insert({ messages, tx })).toEqual([
        { outcome: "inserted" },
        { outcome: "inserted" },
        { outcome: "inserted" },
        { outcome: "duplicate", id },
        { outcome: "mismatch", id },
      ]);
    });
    expect(host.statements.slice(before).filter((sql) => sql.includes("outhook"))).toHaveLength(1);
    expect(await read("select id from outhook_messages order by id")).toEqual(
      messages.slice(0, 3).map(({ id }) => ({ id })),
    );
  });

  it("says what to run when the database lacks Outhook's tables", async () => {
    const { host, acme } = await start({ migrated: false });
    await expectOnly(host, (tx) => acme.send("loan.active", { secret: "s3cr3t" }, { tx }), {
      code: "schema_pending",
      message: expect.stringContaining("outhook_messages"),
    });
  });

  it.runIf(tellsEnd)("says so when the transaction is over", async () => {
    const { host, acme, read } = await start();
    const over: Tx[] = [];
    await host.transaction(async ({ tx }) => void over.push(tx));
    const [tx] = over;
    await expect(acme.send("loan.active", {}, { tx })).rejects.toMatchObject({
      code: "unsupported_transaction",
      param: "tx",
    });
    expect(await read("select id from outhook_messages")).toEqual([]);
  });
}

/** Sends in a transaction that then rolls back, and expects this error, which must not show the payload. */
export async function expectOnly<Tx>(
  host: Host<Tx>,
  send: (tx: Tx) => Promise<unknown>,
  error: Readonly<Record<string, unknown>>,
): Promise<void> {
  const refused: unknown[] = [];
  await expect(
    host.transaction(async ({ tx }) => {
      await send(tx).catch((thrown: unknown) => refused.push(thrown));
      throw new Error("rolled back");
    }),
  ).rejects.toThrow("rolled back");
  expect(refused).toEqual([expect.objectContaining({ name: "OuthookError", ...error })]);
  for (let cause = refused[0]; cause instanceof Error; cause = cause.cause)
    expect(cause.message).not.toContain("s3cr3t");
}

function bodyOf(rows: readonly unknown[]): string {
  const [row] = rows;
  return typeof row === "object" && row !== null && "body" in row ? String(row.body) : "";
}
