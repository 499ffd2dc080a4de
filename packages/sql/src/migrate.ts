import type { StoreIdentity } from "@outhook/core";
import type { Dialect, QueryBuilder } from "./dialect.ts";
import type { AppliedMigration, Migration } from "./migrations.ts";
import { migrations, pendingMigrations, schemaPending } from "./migrations.ts";
import type { Steps } from "./steps.ts";
import { rowsOf } from "./steps.ts";

/** Bringing the schema up to date, and what the database says about itself. */
export type MigrationSteps = {
  /**
   * Runs the oldest migration that is missing and returns its id, or `null` when none is missing. To be called, each
   * time in a transaction that locks out all other callers, until it returns `null`. Statements marked `alone` are for
   * another connection, without a transaction, while this one waits.
   */
  readonly next: (now: number) => Steps<string | null>;
  /** Throws `schema_pending` when migrations are missing and `schema_newer` when this version must not run. */
  readonly check: () => Steps<void>;
  /** Writes the identity down unless there is one; `adopt` replaces its environment. */
  readonly identify: (input: { readonly identity: StoreIdentity; readonly adopt: boolean }) => Steps<void>;
  readonly identity: () => Steps<StoreIdentity>;
};

export function migrationSteps(builder: QueryBuilder, known: readonly Migration[] = migrations): MigrationSteps {
  const { dialect, at } = builder;
  const queries = migrationQueries(builder);

  function* applied(): Steps<readonly AppliedMigration[]> {
    const rows = yield* rowsOf(queries.applied, {});
    return rows.map(({ id, breaking }) => ({ id, breaking: breaking === 1 }));
  }

  /** On Postgres `if not exists` asks for the right to create tables also when there is nothing to create. */
  function* hasMigrationTable(): Steps<boolean> {
    if (dialect === "sqlite") return false;
    const found = yield { sql: "select 1 where to_regclass($1) is not null", parameters: [`${at}outhook_migrations`] };
    return found.length > 0;
  }

  /**
   * Runs a statement by itself. An index that was left half built, which `if not exists` takes for one, is built again; also
   * when the server was still building it for a process that is gone.
   */
  function* alone(sql: string): Steps<void> {
    const [, name] = /^create (?:unique )?index concurrently if not exists (\w+)/.exec(sql) ?? [];
    const index = name === undefined ? null : `${at}${name}`;
    for (;;) {
      if (yield* isHalfBuilt(index)) {
        yield { sql: `drop index concurrently if exists ${index}`, parameters: [], alone: true };
      }
      yield { sql, parameters: [], alone: true };
      if (!(yield* isHalfBuilt(index))) return;
    }
  }

  return {
    *next(now) {
      if (!(yield* hasMigrationTable())) yield* raw(migrationTable(dialect, at));
      const [migration] = pendingMigrations(yield* applied(), known);
      if (migration === undefined) return null;
      const { id, breaking, transactional = true } = migration;
      const statements = migration.statements(dialect, at);
      const row = { id, breaking: breaking ? 1 : 0, now };
      if (!transactional && dialect === "postgres") {
        // This transaction only keeps the lock, and writes last: one that has written keeps vacuum from what others leave.
        yield* raw("set local idle_in_transaction_session_timeout = 0");
        for (const sql of statements) yield* alone(sql);
        yield* rowsOf(queries.record, row);
        return id;
      }
      yield* rowsOf(queries.record, row);
      // SQLite runs them one by one; Postgres takes them all in one message.
      for (const sql of dialect === "sqlite" ? statements : [statements.join(";\n")]) yield* raw(sql);
      return id;
    },

    *check() {
      const [missing] = pendingMigrations(yield* applied(), known);
      if (missing !== undefined) throw schemaPending(`the database lacks the migration ${missing.id}`);
    },

    *identify({ identity, adopt }) {
      yield* rowsOf(queries.keepMeta, { name: "partitions", value: String(identity.partitions) });
      const write = adopt ? queries.writeMeta : queries.keepMeta;
      yield* rowsOf(write, { name: "environment", value: identity.environment });
    },

    *identity() {
      const rows = yield* rowsOf(queries.meta, {});
      const values = new Map(rows.map(({ name, value }) => [name, value]));
      const environment = values.get("environment");
      const partitions = values.get("partitions");
      if (environment === undefined || partitions === undefined) {
        throw schemaPending("the database has Outhook's tables, but does not say which environment it belongs to");
      }
      return { environment, partitions: Number(partitions) };
    },
  };
}

/** The table that remembers the migrations. */
export function migrationTable(dialect: Dialect, at: string): string {
  const [text, integer] = dialect === "sqlite" ? ["text", "integer"] : ['text collate "C"', "bigint"];
  return `create table if not exists ${at}outhook_migrations (
  id ${text} not null primary key,
  breaking ${integer} not null,
  applied_at ${integer} not null
)`;
}

/** True for an index that is there, but does not hold all rows. */
function* isHalfBuilt(index: string | null): Steps<boolean> {
  if (index === null) return false;
  const find = "select 1 from pg_catalog.pg_index where indexrelid = to_regclass($1) and not indisvalid";
  return (yield { sql: find, parameters: [index], alone: true }).length > 0;
}

function* raw(sql: string): Steps<void> {
  yield { sql, parameters: [] };
}

function migrationQueries({ db, query }: QueryBuilder) {
  const insertMeta = (p: { readonly name: string; readonly value: string }) =>
    db.insertInto("outhook_meta").values({ name: p.name, value: p.value });
  return {
    applied: query(() => db.selectFrom("outhook_migrations").select(["id", "breaking"])),
    record: query((p: { readonly id: string; readonly breaking: number; readonly now: number }) =>
      db.insertInto("outhook_migrations").values({ id: p.id, breaking: p.breaking, applied_at: p.now }),
    ),
    meta: query(() => db.selectFrom("outhook_meta").select(["name", "value"])),
    keepMeta: query((p: { readonly name: string; readonly value: string }) =>
      insertMeta(p).onConflict((conflict) => conflict.column("name").doNothing()),
    ),
    writeMeta: query((p: { readonly name: string; readonly value: string }) =>
      insertMeta(p).onConflict((conflict) =>
        conflict.column("name").doUpdateSet({ value: (row) => row.ref("excluded.value") }),
      ),
    ),
  };
}
