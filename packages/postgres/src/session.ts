import type { Steps } from "@outhook/sql";
import { hash } from "node:crypto";
import type { PostgresQuery } from "./pool.ts";

/** An array. */
export type List = readonly (string | number | null)[];

/** A value as a statement is given it. */
export type Value = string | number | null | List;

/** A statement with the type of its rows. */
export type Statement<Row = never> = {
  readonly sql: string;
  /** Never there: it carries the type of the rows. */
  readonly row?: Row | undefined;
};

/** Statements on one connection. */
export type Reader = {
  readonly all: <Row>(statement: Statement<Row>, values: readonly Value[]) => Promise<readonly Row[]>;
  /** Runs work that both databases share. */
  readonly perform: <Result>(steps: Steps<Result>) => Promise<Result>;
};

/** Statements in one transaction. */
export type Session = Reader & {
  /** When the transaction began, by the database's clock. */
  readonly now: number;
};

/** Runs one query and returns its rows. */
export type RunQuery = (query: PostgresQuery) => Promise<readonly unknown[]>;

/** `prepared` statements stay on the connection, parsed and planned. */
export function createReader(run: RunQuery, { prepared }: { readonly prepared: boolean }): Reader {
  const execute = (sql: string, values: readonly Value[]): Promise<readonly unknown[]> =>
    run({ text: sql, values: [...values], types: ownTypes, ...(prepared ? { name: nameOf(sql) } : {}) });

  return {
    all: async <Row>({ sql }: Statement<Row>, values: readonly Value[]) =>
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- no compiler sees what columns the SQL names
      (await execute(sql, values)) as readonly Row[],
    perform: async (steps) => {
      let step = steps.next([]);
      while (step.done !== true) step = steps.next(await execute(step.value.sql, step.value.parameters));
      return step.value;
    },
  };
}

/** By the server's numbers of types: bool, int8, int2, int4. */
const parsers = new Map<number, (value: string) => unknown>([
  [16, (value) => value === "t"],
  [20, Number],
  [21, Number],
  [23, Number],
]);

/**
 * Whole numbers as numbers and everything else as text, whatever parsers the host has set for its own queries. All of our
 * numbers are instants and counts, far below 2⁵³.
 */
export const ownTypes: NonNullable<PostgresQuery["types"]> = {
  getTypeParser: (type) => parsers.get(type) ?? String,
};

const names = new Map<string, string>();

/** The name under which a connection keeps the statement prepared. */
function nameOf(sql: string): string {
  let name = names.get(sql);
  if (name === undefined) {
    name = `outhook_${hash("sha256", sql, "hex").slice(0, 24)}`;
    names.set(sql, name);
  }
  return name;
}
