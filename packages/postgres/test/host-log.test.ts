import { createOuthook } from "@outhook/core";
import { Kysely, PostgresDialect, sql } from "kysely";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { PostgresTransaction } from "../src/index.ts";
import { postgresStore } from "../src/index.ts";
import type { TestServer } from "./fixtures/server.ts";
import { startServer } from "./fixtures/server.ts";

type Send = (tx: PostgresTransaction) => Promise<unknown>;

const order = "insert into orders (id) values ($1)";
const ordersBefore = 60;
const orders = 99;

/** Statements of the host, and the send among them, as hosts write it. */
const hosts: readonly { readonly handle: string; readonly run: (pool: pg.Pool, send: Send) => Promise<void> }[] = [
  {
    handle: "a client of pg",
    run: async (pool, send) => {
      const client = await pool.connect();
      await client.query("begin");
      for (let n = 1; n <= orders; n += 1) {
        await client.query(order, [n]);
        if (n === ordersBefore) await send(client);
      }
      await client.query("commit");
      client.release();
    },
  },
  {
    handle: "a Kysely transaction",
    run: async (pool, send) => {
      const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
      await db.transaction().execute(async (tx) => {
        for (let n = 1; n <= orders; n += 1) {
          await sql`insert into orders (id) values (${n})`.execute(tx);
          if (n === ordersBefore) await send(tx);
        }
      });
    },
  },
];

// With a server of its own, which writes all statements into its log. That of somebody else is not read.
describe.skipIf(process.env["OUTHOOK_TEST_POSTGRES_URL"] !== undefined)("the database's log of a transaction", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer({ log_statement: "all", log_line_prefix: "<%a %p> " });
  });
  afterAll(() => server.destroy());

  /** The statements that the connection of this application sent that began a transaction, from there to its end. */
  const transactionOf = async (application: string): Promise<readonly string[]> => {
    const read = async () => {
      const entries = (await server.log()).join("\n").split(/\n(?=<)/);
      const statement = new RegExp(`^<${application} (\\d+)> LOG: +(?:statement|execute [^:]+): (.*)$`, "s");
      const all = entries.flatMap((entry) => {
        const [, connection, text] = statement.exec(entry) ?? [];
        return text === undefined ? [] : [{ connection, text }];
      });
      const begin = all.findIndex(({ text }) => text === "begin");
      const own = all.slice(begin).filter(({ connection }) => connection === all[begin]?.connection);
      const texts = own.map(({ text }) => text);
      return texts.slice(0, texts.indexOf("commit") + 1);
    };
    await expect.poll(async () => (await read()).at(-1), { timeout: 10_000 }).toBe("commit");
    return await read();
  };

  it.each(hosts)("of a hundred statements, one a send, by $handle, holds one of ours: an INSERT", async ({ run }) => {
    const application = crypto.randomUUID();
    const pool = new pg.Pool({ connectionString: server.url, application_name: application });
    onTestFinished(() => pool.end());
    const outhook = createOuthook({ store: postgresStore({ pool }), secretKeys: "plaintext" });
    await outhook.migrate();
    await pool.query("create table if not exists orders (id integer)");

    // The store has the same pool: what it does at the same time on another connection is no part of the transaction.
    const sent: string[] = [];
    await run(pool, async (tx) => {
      const { id } = await outhook.tenant("acme").send("loan.active", { id: "ln_1" }, { tx });
      sent.push(id);
    });

    const statements = (await transactionOf(application)).slice(1, -1);
    expect(statements).toHaveLength(100);
    expect(statements.filter((statement) => statement !== order)).toEqual([
      expect.stringMatching(/^insert into "outhook"\.outhook_messages\s[^;]*$/),
    ]);
    expect(statements.findIndex((statement) => statement !== order)).toBe(ordersBefore);
    const { rows } = await pool.query("select id from outhook.outhook_messages where id = any ($1)", [sent]);
    expect(rows).toEqual(sent.map((id) => ({ id })));
  });
});
