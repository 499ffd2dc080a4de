import { describe, expect, it } from "vitest";
import type { TransactionHandle, TransactionStatement } from "../src/index.ts";
import {
  describeTransaction,
  fromDrizzle,
  fromKnex,
  fromKysely,
  fromPrisma,
  insertedRows,
  isTransactionHandle,
} from "../src/index.ts";
import { piecesOf } from "../src/transaction-handles/pieces.ts";

describe("a statement in pieces", () => {
  it.each([
    { sql: "select 1", parameters: [], texts: ["select 1"], values: [] },
    { sql: "values (?, ?)", parameters: ["a", null], texts: ["values (", ", ", ")"], values: ["a", null] },
    { sql: "values ($1, $2)", parameters: ["a", 2], texts: ["values (", ", ", ")"], values: ["a", 2] },
    { sql: "$2, $1, $2", parameters: ["a", "b"], texts: ["", ", ", ", ", ""], values: ["b", "a", "b"] },
    { sql: "??", parameters: [1, 2], texts: ["", "", ""], values: [1, 2] },
    { sql: `"a?b"."$1" = ?`, parameters: ["v"], texts: [`"a?b"."$1" = `, ""], values: ["v"] },
    { sql: `"a""?" = $1`, parameters: ["v"], texts: [`"a""?" = `, ""], values: ["v"] },
    { sql: `'it''s ?' || $1 || '"'`, parameters: ["v"], texts: [`'it''s ?' || `, ` || '"'`], values: ["v"] },
    { sql: "any($1::text[])", parameters: [["a", null]], texts: ["any(", "::text[])"], values: [["a", null]] },
    {
      sql: "($10, $1)",
      parameters: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
      texts: ["(", ", ", ")"],
      values: [10, 1],
    },
  ])("cuts $sql", ({ sql, parameters, texts, values }) => {
    expect(piecesOf({ sql, parameters })).toEqual({ texts, values });
  });
});

const statement: TransactionStatement = { sql: `insert into "we?ird".t values ($1, $2)`, parameters: ["?'$1", null] };
const answers = [
  { what: "rows", answer: [{ id: 1 }], rows: [{ id: 1 }] },
  { what: "an object with the rows", answer: { rows: [{ id: 1 }], rowCount: 1 }, rows: [{ id: 1 }] },
  { what: "a count", answer: { changes: 1 }, rows: [] },
  { what: "nothing", answer: undefined, rows: [] },
];

/** What the handle's rejection is like. */
async function rejectionOf(handle: TransactionHandle): Promise<unknown> {
  return handle.run(statement).then(
    () => "nothing was thrown",
    (error: unknown) => error,
  );
}

const driverError = (code: string, more: object = {}) =>
  Object.assign(new Error("database is locked"), { code, ...more });

describe("fromKnex", () => {
  const trx = (raw: (sql: string, bindings: readonly unknown[]) => Promise<unknown>) =>
    Object.assign(() => undefined, { raw, isCompleted: () => false });

  it("writes Knex's placeholders, and escapes what only looks like one", async () => {
    const calls: unknown[] = [];
    await fromKnex(trx(async (...call) => calls.push(call))).run(statement);
    expect(calls).toEqual([[`insert into "we\\?ird".t values (?, ?)`, ["?'$1", null]]]);
  });

  it.each(answers)("finds the rows in $what", async ({ answer, rows }) => {
    expect(await fromKnex(trx(async () => answer)).run(statement)).toEqual(rows);
  });

  it("rejects with what the driver said, without the statement that Knex puts before it", async () => {
    const thrown = driverError("40001", { severity: "ERROR" });
    thrown.message = `insert into t values ('s3cr3t - x') - ${thrown.message}`;
    const error = await rejectionOf(fromKnex(trx(() => Promise.reject(thrown))));
    expect(error).toMatchObject({ message: "database is locked", code: "40001", severity: "ERROR" });
    expect(error).not.toHaveProperty("cause");
  });

  it("adds no severity to what no server said", async () => {
    const error = await rejectionOf(fromKnex(trx(() => Promise.reject(driverError("EPIPE")))));
    expect(error).toMatchObject({ code: "EPIPE" });
    expect(error).not.toHaveProperty("severity");
  });

  it("rejects also when Knex throws at once", async () => {
    const handle = fromKnex(
      trx(() => {
        throw new Error("no connection");
      }),
    );
    expect(await rejectionOf(handle)).toMatchObject({ message: "no connection" });
  });
});

describe("fromPrisma", () => {
  const tx = ($queryRawUnsafe: (sql: string, ...values: unknown[]) => Promise<unknown>) => ({ $queryRawUnsafe });

  it("hands the statement over as it is", async () => {
    const calls: unknown[] = [];
    await fromPrisma(tx(async (...call) => calls.push(call))).run(statement);
    expect(calls).toEqual([[statement.sql, "?'$1", null]]);
  });

  it.each([
    {
      what: "an error of SQLite",
      cause: { originalCode: "SQLITE_BUSY", originalMessage: "database is locked", kind: "SocketTimeout" },
      expected: { code: "SQLITE_BUSY", message: "database is locked" },
    },
    {
      what: "an error of Postgres",
      cause: { originalCode: "42P01", originalMessage: "no such relation", kind: "TableDoesNotExist" },
      expected: { code: "42P01", message: "no such relation", severity: "ERROR" },
    },
    {
      what: "a fatal error of Postgres",
      cause: { originalCode: "57P01", originalMessage: "terminating", kind: "postgres", severity: "FATAL" },
      expected: { code: "57P01", message: "terminating", severity: "FATAL" },
    },
  ])("rejects with what the driver said: $what", async ({ cause, expected }) => {
    const driverAdapterError = Object.assign(new Error("x"), { cause });
    const thrown = Object.assign(new Error("Raw query failed"), { code: "P2010", meta: { driverAdapterError } });
    expect(await rejectionOf(fromPrisma(tx(() => Promise.reject(thrown))))).toMatchObject(expected);
  });

  it("rejects with the last line of what Prisma itself says", async () => {
    const message = "\nInvalid `prisma.$queryRawUnsafe()` invocation:\n\n\nTransaction already closed";
    const thrown = Object.assign(new Error(message), { code: "P2028" });
    const error = await rejectionOf(fromPrisma(tx(() => Promise.reject(thrown))));
    expect(error).toMatchObject({ message: "Transaction already closed" });
    // It would look like one of Postgres's.
    expect(error).not.toHaveProperty("code");
  });
});

describe("fromDrizzle", () => {
  const sql = {
    raw: (text: string) => ({ text }),
    param: (value: unknown) => ({ value }),
    join: (chunks: unknown[]) => ({ chunks }),
  };
  type Query = { readonly chunks: unknown[] };
  const onPostgres = (execute: (query: Query) => Promise<unknown>) => ({ rollback: () => undefined, execute });
  const onSqlite = (all: (query: Query) => Promise<unknown>) => ({
    rollback: () => undefined,
    all,
    resultKind: "async",
  });

  it.each([
    { database: "Postgres", open: onPostgres },
    { database: "SQLite", open: onSqlite },
  ])("makes texts and parameters of a statement on $database", async ({ open }) => {
    const queries: Query[] = [];
    await fromDrizzle(
      open(async (query) => queries.push(query)),
      sql,
    ).run(statement);
    const [first, last] = [{ text: `insert into "we?ird".t values (` }, { text: ")" }];
    expect(queries).toEqual([{ chunks: [first, { value: "?'$1" }, { text: ", " }, { value: null }, last] }]);
  });

  it.each(answers)("finds the rows in $what", async ({ answer, rows }) => {
    expect(
      await fromDrizzle(
        onPostgres(async () => answer),
        sql,
      ).run(statement),
    ).toEqual(rows);
  });

  it("rejects with the driver's error, without the parameters that Drizzle puts around it", async () => {
    const inner = driverError("SQLITE_BUSY");
    const middle = new Error("SQLITE_BUSY: database is locked", { cause: inner });
    const thrown = new Error("Failed query: insert into t\nparams: s3cr3t", { cause: middle });
    expect(
      await rejectionOf(
        fromDrizzle(
          onSqlite(() => Promise.reject(thrown)),
          sql,
        ),
      ),
    ).toBe(inner);
  });

  it("refuses a driver of which it cannot tell that it is asynchronous", () => {
    const unknown = { rollback: () => undefined, all: async () => [] };
    expect(() => fromDrizzle(unknown, sql)).toThrow(/synchronous/);
  });
});

describe("a wrapper", () => {
  const method = (): undefined => undefined;
  const sql = { raw: method, param: method, join: method };
  const postgres = { rollback: method, execute: async () => [] };

  it.each([
    { what: "no transaction of Knex", wrap: () => fromKnex({ raw: method } as never), named: "fromKnex(trx): trx is" },
    {
      what: "a transaction of Knex that has ended",
      wrap: () => fromKnex({ raw: async () => [], isCompleted: () => true }),
      named: "fromKnex(trx): the transaction has ended",
    },
    {
      what: "a PrismaClient",
      wrap: () => fromPrisma({ $queryRawUnsafe: async () => [], $connect: method } as never),
      named: "fromPrisma(tx): tx is a PrismaClient outside of a transaction",
    },
    {
      what: "a Drizzle database",
      wrap: () => fromDrizzle({ execute: async () => [], select: method, insert: method } as never, sql),
      named: "fromDrizzle(tx, sql): tx is a Drizzle database outside of a transaction",
    },
    {
      what: "a transaction that cannot run SQL",
      wrap: () => fromDrizzle({ rollback: method } as never, sql),
      named: "fromDrizzle(tx, sql): tx is an object with the properties rollback",
    },
    {
      what: "another sql",
      wrap: () => fromDrizzle(postgres, { raw: method } as never),
      named: "fromDrizzle(tx, sql): sql is missing",
    },
  ])("refuses $what at the call", ({ wrap, named }) => {
    expect(wrap).toThrow(
      expect.objectContaining({
        code: "unsupported_transaction",
        param: "tx",
        message: expect.stringContaining(named),
      }),
    );
  });
});

describe("fromKysely", () => {
  it("runs the statement as it is", async () => {
    const queries: object[] = [];
    const tx = {
      isTransaction: true,
      executeQuery: async (query: { readonly sql: string; readonly parameters: readonly unknown[] }) => {
        queries.push({ sql: query.sql, parameters: query.parameters });
        return { rows: [{ id: 1 }] };
      },
    } as const;
    expect(await fromKysely(tx).run(statement)).toEqual([{ id: 1 }]);
    expect(queries).toEqual([statement]);
  });
});

describe("a handle", () => {
  it.each([
    { what: "one made by hand", value: { kind: "outhook-transaction", run: async () => [] }, is: true },
    { what: "another kind", value: { kind: "transaction", run: async () => [] }, is: false },
    { what: "one that runs nothing", value: { kind: "outhook-transaction" }, is: false },
    { what: "null", value: null, is: false },
    { what: "a text", value: "outhook-transaction", is: false },
  ])("is told from others: $what", ({ value, is }) => {
    expect(isTransactionHandle(value)).toBe(is);
  });

  const method = (): undefined => undefined;

  it.each([
    { value: undefined, words: "a value of type undefined" },
    { value: null, words: "null" },
    { value: method, words: "a function" },
    { value: { begin: 1, end: 2 }, words: "an object with the properties begin, end" },
    { value: { kind: "outhook-transaction", run: method }, words: "a transaction that is wrapped already" },
    { value: { executeQuery: method, isTransaction: true }, words: "a Kysely Transaction" },
    { value: { executeQuery: method }, words: "a Kysely instance outside of a transaction" },
    { value: { query: method, totalCount: 0 }, words: "a pg pool, whose queries run on any connection" },
    { value: { query: method }, words: "a Postgres client" },
    {
      value: { prepare: method, pragma: method },
      words: "a better-sqlite3 Database (its transactions are synchronous)",
    },
    { value: { prepare: method, exec: method }, words: "a database handle whose transactions are synchronous" },
  ])("that is missing is described: $words", ({ value, words }) => {
    expect(describeTransaction(value)).toBe(words);
  });
});

describe("the rows of an INSERT", () => {
  const row = { id: "msg_1", hash: null, tenant: "acme", key: null };

  it("are found in objects and in arrays, and in nothing else", () => {
    const rows = [row, ["msg_1", null, "acme", null], null, "msg_1", { id: "msg_1" }];
    expect(insertedRows(rows)).toEqual([row, row]);
  });
});
