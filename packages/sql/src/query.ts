import type { Compilable } from "kysely";

/** What a statement can be given; a list stands for the values of an `in`. */
export type SqlValue = string | number | null | readonly (string | number)[];

/** A statement with its values, ready to run. */
export type BoundQuery = {
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
  /** True when Postgres is to run it outside of the transaction. */
  readonly alone?: true | undefined;
};

/** A statement compiled once, with the types of its parameters and of its rows. */
export type Query<Params extends object, Row> = {
  readonly sql: string;
  readonly bind: (params: Params) => BoundQuery;
  /** Never there: it carries the type of the rows. */
  readonly row?: Row | undefined;
};

const placeholder: unique symbol = Symbol("placeholder");

type Placeholder = { readonly [placeholder]: string };

/**
 * Compiles what `build` makes; each property of its argument becomes a place for the parameter of that name.
 * `columns` are needed where the argument is handed on as a whole row.
 */
export function createQuery<Params extends object, Row>(
  build: (params: Params) => Compilable<Row>,
  columns: readonly (keyof Params & string)[] = [],
): Query<Params, Row> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Kysely passes values on untouched, to here
  const { sql, parameters } = build(placeholders(columns) as Params).compile();
  const sources = parameters.map((value) => (isPlaceholder(value) ? value[placeholder] : constant(value)));
  return {
    sql,
    bind: (params) => {
      const values = new Map<string, SqlValue>(Object.entries(params));
      const bound = sources.map((source) => (typeof source === "string" ? values.get(source) : source.value));
      return { sql, parameters: bound.map((value) => value ?? null) };
    },
  };
}

function placeholders(columns: readonly string[]): unknown {
  const row = Object.fromEntries(columns.map((column) => [column, null]));
  return new Proxy(row, { get: (_, name) => ({ [placeholder]: String(name) }) });
}

function isPlaceholder(value: unknown): value is Placeholder {
  return typeof value === "object" && value !== null && placeholder in value;
}

function constant(value: unknown): { readonly value: SqlValue } {
  if (typeof value === "string" || typeof value === "number" || value === null) return { value };
  throw new TypeError(`a query holds a constant that is neither text nor number but a ${typeof value}`);
}
