import type { Compilable, Expression, SqlBool } from "kysely";
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import type { Database } from "./database.ts";
import type { Query } from "./query.ts";
import { placeOf } from "./place.ts";
import { createQuery } from "./query.ts";

/** The SQL that a statement is written in. */
export type Dialect = "sqlite" | "postgres";

/** Builds queries for one dialect, without a connection. */
export type QueryBuilder = {
  readonly dialect: Dialect;
  /** What stands before the name of a table in SQL that is written by hand. */
  readonly at: string;
  readonly db: Kysely<Database>;
  /**
   * Compiles a query once: building one takes longer than SQLite takes to run it.
   *
   * @example
   * const revisionOf = query((p: { tenant: string }) =>
   *   db.selectFrom("outhook_tenants").select("revision").where("tenant", "=", p.tenant));
   */
  readonly query: <Params extends object, Row>(
    build: (params: Params) => Compilable<Row>,
    columns?: readonly (keyof Params & string)[],
  ) => Query<Params, Row>;
  /** `column in (…)` for a list of any length as one parameter: on SQLite as JSON text, on Postgres as an array. */
  readonly inList: (column: string, list: readonly (string | number)[]) => Expression<SqlBool>;
};

/** `schema` is where the tables of Postgres lie, named in every statement; without it the search path decides. */
export function createQueryBuilder(
  dialect: Dialect,
  { schema }: { readonly schema?: string | undefined } = {},
): QueryBuilder {
  if (dialect === "sqlite") {
    return {
      dialect,
      at: "",
      db: new Kysely<Database>({ dialect: sqlite }),
      query: createQuery,
      inList: (column, list) => sql<SqlBool>`${sql.ref(column)} in (select value from json_each(${list}))`,
    };
  }
  const db = new Kysely<Database>({ dialect: postgres });
  return {
    dialect,
    at: placeOf(schema),
    db: schema === undefined ? db : db.withSchema(schema),
    query: createQuery,
    inList: (column, list) => sql<SqlBool>`${sql.ref(column)} = any(${list})`,
  };
}

const sqlite = {
  createAdapter: () => new SqliteAdapter(),
  createDriver: () => new DummyDriver(),
  createIntrospector: (db: Kysely<unknown>) => new SqliteIntrospector(db),
  createQueryCompiler: () => new SqliteQueryCompiler(),
};

const postgres = {
  createAdapter: () => new PostgresAdapter(),
  createDriver: () => new DummyDriver(),
  createIntrospector: (db: Kysely<unknown>) => new PostgresIntrospector(db),
  createQueryCompiler: () => new PostgresQueryCompiler(),
};
