// oxlint-disable typescript/no-unsafe-type-assertion -- no compiler sees what columns a statement names
import { OuthookError } from "@outhook/core";
import { DatabaseSync } from "node:sqlite";
import type { StatementSync } from "node:sqlite";
import { setImmediate as nextTurn, setTimeout as pause } from "node:timers/promises";

type Value = string | number | null | readonly (string | number)[];
type Query<Result> = (text: TemplateStringsArray, ...values: readonly Value[]) => Result;

/**
 * Statements as templates. Their values become parameters, a list as one JSON text; each statement is prepared once. No
 * compiler sees what columns a statement names: `Row` says it.
 *
 * @example
 * const row = sql.get<{ revision: number }>`select revision from outhook_tenants where tenant = ${tenant}`;
 */
export type Sql = {
  /** Returns how many rows it changed. */
  readonly run: Query<number>;
  readonly get: <Row>(...query: Parameters<Query<Row>>) => Row | null;
  readonly all: <Row>(...query: Parameters<Query<Row>>) => readonly Row[];
  /** The rows one by one, as far as they are wanted. Meanwhile nothing may change that they are found by. */
  readonly each: <Row>(...query: Parameters<Query<Row>>) => Iterable<Row>;
  /** Runs several statements, without values. */
  readonly script: (text: string) => void;
};

/** Makes a method of work that is done at once, inside a transaction. */
export type Transaction = <Input extends readonly unknown[], Result>(
  work: (sql: Sql, ...input: Input) => Result,
) => (...input: Input) => Promise<Result>;

/**
 * Each call is a transaction that runs from begin to commit without giving way to the event loop, so that nothing gets between:
 * of `reads` on one snapshot, of `writes` under the write lock, all or nothing, durable on return.
 */
export type Connection = {
  readonly reads: Transaction;
  readonly writes: Transaction;
  /** As `writes`, before there are tables. */
  readonly migrates: Transaction;
  readonly close: () => Promise<void>;
};

export function connect(path: string, lockWaitMs: number): Connection {
  let opened: { readonly db: DatabaseSync; readonly sql: Sql } | undefined;
  let closed = false;
  let turn: Promise<unknown> = Promise.resolve();

  const transaction =
    (begin: string, check: (sql: Sql) => unknown): Transaction =>
    (work) =>
    async (...input) => {
      // One transaction a turn of the event loop, so that many calls at once hold up nothing else.
      turn = turn.then(() => nextTurn());
      await turn;
      let waitedMs = 0;
      // Who has the lock may be this very process. Waiting for it inside SQLite would stop both, so the wait is out here.
      for (let pauseMs = 1; ; pauseMs = Math.min(2 * pauseMs, 25)) {
        if (closed) throw new OuthookError("stopped", `the store on ${path} is closed: create a new one`);
        try {
          opened ??= open(path);
          opened.db.exec(begin);
          check(opened.sql);
          const result = work(opened.sql, ...input);
          opened.db.exec("commit");
          return result;
        } catch (error) {
          if (opened?.db.isTransaction === true) opened.db.exec("rollback");
          if (codeOf(error) !== busy || waitedMs >= lockWaitMs) throw failureOf(error, path);
        }
        await pause(pauseMs);
        waitedMs += pauseMs;
      }
    };
  // Also a call that has nothing to do is refused before `migrate`.
  const check = (sql: Sql): unknown => sql.get`select 1 from outhook_meta`;

  return {
    reads: transaction("begin", check),
    // A plain begin takes the lock at its first write, when what it has read may be old and all was done for nothing.
    writes: transaction("begin immediate", check),
    migrates: transaction("begin immediate", () => null),
    close: async () => {
      closed = true;
      opened?.db.close();
      opened = undefined;
    },
  };
}

/** How far a commit goes belongs to the connection and not to the file: it is set at every open, and read back. */
function open(path: string): { readonly db: DatabaseSync; readonly sql: Sql } {
  const db = new DatabaseSync(path, { timeout: 0 });
  try {
    db.exec("pragma journal_mode = wal; pragma synchronous = full; pragma fullfsync = on");
    const sql = sqlOn(db);
    const found = JSON.stringify([sql.get`pragma journal_mode`, sql.get`pragma synchronous`]);
    if (found === '[{"journal_mode":"wal"},{"synchronous":2}]') return { db, sql };
    throw new OuthookError("store_unavailable", `${path} would lose commits (${found}): put it on a local disk`);
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Statements on an open database, also on one of the host. */
export function sqlOn(db: DatabaseSync): Sql {
  const prepared = new Map<TemplateStringsArray, StatementSync>();
  const statement = (text: TemplateStringsArray): StatementSync => {
    const known = prepared.get(text) ?? db.prepare(text.join("?"));
    prepared.set(text, known);
    return known;
  };
  const all = <Row>(...[text, ...values]: Parameters<Query<Row>>): readonly Row[] => {
    const rows = statement(text).all(...bound(values));
    return rows.map((row) => rowOf(row) as Row);
  };
  return {
    run: (text, ...values) => Number(statement(text).run(...bound(values)).changes),
    get: <Row>(...query: Parameters<Query<Row>>) => all<Row>(...query)[0] ?? null,
    all,
    each: <Row>(...[text, ...values]: Parameters<Query<Row>>) =>
      statement(text).iterate(...bound(values)) as Iterable<unknown> as Iterable<Row>,
    script: (text) => db.exec(text),
  };
}

/** The columns, and beside them what stands in a column `document`. */
function rowOf({ document, ...columns }: Readonly<Record<string, unknown>>): object {
  return typeof document === "string" ? { ...JSON.parse(document), ...columns } : columns;
}

function bound(values: readonly Value[]): (string | number | null)[] {
  return values.map((value) => (typeof value === "object" && value !== null ? JSON.stringify(value) : value));
}

/** SQLite's result codes, as far as it matters which. */
const [wrong, busy, constraint] = [1, 5, 19];

function codeOf(error: unknown): number | null {
  const code = error instanceof Error && "errcode" in error ? error.errcode : null;
  return typeof code === "number" ? code & 0xff : null;
}

/** What SQLite said in our words; anything else as it is, such as what the `change` of an update threw. */
export function failureOf(error: unknown, path: string): unknown {
  const code = codeOf(error);
  if (code === null || !(error instanceof Error)) return error;
  const said = (kind: "schema_pending" | "store_busy" | "store_unavailable" | "internal", fix: string): OuthookError =>
    new OuthookError(kind, `${path}: ${error.message}`, { hint: fix, cause: error });
  if (error.message.startsWith("no such table: outhook_")) return said("schema_pending", "run migrate() first");
  if (code === busy)
    return said("store_busy", "look for what keeps a write transaction open: an app, a script, a backup");
  if (code === wrong || code === constraint) return said("internal", "report it: the store has made a mistake");
  return said("store_unavailable", "look at the disk, the path and its permissions");
}
