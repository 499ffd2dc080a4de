import type { BoundQuery, SqlValue, Steps } from "@outhook/sql";
import type BetterSqlite3 from "better-sqlite3";

/** A value as SQLite stores it. */
export type Value = string | number | null;

/** Statements on one open database, each prepared once. Everything here runs at once and blocks until it is done. */
export type Session = {
  /** Runs a statement and returns how many rows it changed. */
  readonly run: (sql: string, ...values: readonly Value[]) => number;
  /** The first row as a tuple of its columns. */
  readonly get: <Row extends readonly unknown[]>(sql: string, ...values: readonly Value[]) => Row | undefined;
  /** The rows as tuples. */
  readonly all: <Row extends readonly unknown[]>(sql: string, ...values: readonly Value[]) => readonly Row[];
  /** The rows as tuples, one at a time; nothing else may run on the session before the last. */
  readonly each: <Row extends readonly unknown[]>(sql: string, ...values: readonly Value[]) => Iterable<Row>;
  /** Runs a statement that both databases share and returns its rows as objects. */
  readonly execute: (query: BoundQuery) => readonly unknown[];
  /** Runs work that both databases share. */
  readonly perform: <Result>(steps: Steps<Result>) => Result;
};

export function createSession(db: BetterSqlite3.Database): Session {
  const tuples = statementCache(db, (statement) => (statement.reader ? statement.raw() : statement));
  const objects = statementCache(db, (statement) => statement);

  const execute = ({ sql, parameters }: BoundQuery): readonly unknown[] => {
    const statement = objects(sql);
    const values = parameters.map((value) => (isList(value) ? JSON.stringify(value) : value));
    if (statement.reader) return statement.all(...values);
    statement.run(...values);
    return [];
  };

  // A row has the columns that its statement names, which no compiler can see; the caller says what they are.
  return {
    run: (sql, ...values) => tuples(sql).run(...values).changes,
    get: <Row>(sql: string, ...values: readonly Value[]) => tuples(sql).get(...values) as Row | undefined,
    all: <Row>(sql: string, ...values: readonly Value[]) => tuples(sql).all(...values) as readonly Row[],
    each: <Row>(sql: string, ...values: readonly Value[]) => tuples(sql).iterate(...values) as Iterable<Row>,
    execute,
    perform: (steps) => {
      let step = steps.next([]);
      while (step.done !== true) step = steps.next(execute(step.value));
      return step.value;
    },
  };
}

function isList(value: SqlValue): value is readonly (string | number)[] {
  return Array.isArray(value);
}

type Statement = BetterSqlite3.Statement<unknown[]>;

function statementCache(
  db: BetterSqlite3.Database,
  configure: (statement: Statement) => Statement,
): (sql: string) => Statement {
  const statements = new Map<string, Statement>();
  return (sql) => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const prepared = configure(db.prepare(sql));
    statements.set(sql, prepared);
    return prepared;
  };
}
