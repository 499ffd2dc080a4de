import type { BoundQuery, SqlValue, Steps } from "@outhook/sql";
import type BetterSqlite3 from "better-sqlite3";

/** A value as SQLite stores it. */
export type Value = string | number | null;

/** A statement with the type of its rows: tuples of the columns it names. */
export type Statement<Row extends readonly unknown[] = never> = {
  readonly sql: string;
  /** Never there: it carries the type of the rows. */
  readonly row?: Row | undefined;
};

/** Statements on one open database, each prepared once. Everything here runs at once and blocks until it is done. */
export type Session = {
  /** Runs a statement and returns how many rows it changed. */
  readonly run: (statement: Statement, ...values: readonly Value[]) => number;
  /** The first row. */
  readonly get: <Row extends readonly unknown[]>(
    statement: Statement<Row>,
    ...values: readonly Value[]
  ) => Row | undefined;
  /** The rows. */
  readonly all: <Row extends readonly unknown[]>(
    statement: Statement<Row>,
    ...values: readonly Value[]
  ) => readonly Row[];
  /** Runs a statement that both databases share and returns its rows as objects. */
  readonly execute: (query: BoundQuery) => readonly unknown[];
  /** Runs work that both databases share. */
  readonly perform: <Result>(steps: Steps<Result>) => Result;
};

export function createSession(db: BetterSqlite3.Database): Session {
  const prepared = new Map<string, BetterSqlite3.Statement>();
  const preparedForTuples = new Map<string, BetterSqlite3.Statement>();

  const objects = (sql: string): BetterSqlite3.Statement => {
    const known = prepared.get(sql) ?? db.prepare(sql);
    prepared.set(sql, known);
    return known;
  };

  const tuples = <Row extends readonly unknown[]>({ sql }: Statement<Row>): BetterSqlite3.Statement<unknown[], Row> => {
    let known = preparedForTuples.get(sql);
    if (known === undefined) {
      known = db.prepare(sql);
      if (known.reader) known.raw();
      preparedForTuples.set(sql, known);
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- no compiler sees what columns the SQL names
    return known as BetterSqlite3.Statement<unknown[], Row>;
  };

  const execute = ({ sql, parameters }: BoundQuery): readonly unknown[] => {
    const statement = objects(sql);
    const values = parameters.map((value) => (isList(value) ? JSON.stringify(value) : value));
    if (statement.reader) return statement.all(...values);
    statement.run(...values);
    return [];
  };

  return {
    run: (statement, ...values) => tuples(statement).run(...values).changes,
    get: (statement, ...values) => tuples(statement).get(...values),
    all: (statement, ...values) => tuples(statement).all(...values),
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
