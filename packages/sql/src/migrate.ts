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
   * time in a transaction that locks out all other callers, until it returns `null`.
   */
  readonly next: (now: number) => Steps<string | null>;
  /** Throws `schema_pending` when migrations are missing and `schema_newer` when this version must not run. */
  readonly check: () => Steps<void>;
  /** Writes the identity down unless there is one; `adopt` replaces its environment. */
  readonly identify: (input: { readonly identity: StoreIdentity; readonly adopt: boolean }) => Steps<void>;
  readonly identity: () => Steps<StoreIdentity>;
};

export function migrationSteps(builder: QueryBuilder, known: readonly Migration[] = migrations): MigrationSteps {
  const queries = migrationQueries(builder);

  function* applied(): Steps<readonly AppliedMigration[]> {
    const rows = yield* rowsOf(queries.applied, {});
    return rows.map(({ id, breaking }) => ({ id, breaking: breaking === 1 }));
  }

  /** On Postgres `if not exists` asks for the right to create tables also when there is nothing to create. */
  function* hasMigrationTable(): Steps<boolean> {
    if (builder.dialect === "sqlite") return false;
    const table = `${builder.at}outhook_migrations`;
    const found = yield { sql: "select 1 where to_regclass($1) is not null", parameters: [table] };
    return found.length > 0;
  }

  return {
    *next(now) {
      if (!(yield* hasMigrationTable())) yield* raw(migrationTable(builder.dialect, builder.at));
      const [migration] = pendingMigrations(yield* applied(), known);
      if (migration === undefined) return null;
      const { id, breaking } = migration;
      yield* rowsOf(queries.record, { id, breaking: breaking ? 1 : 0, now });
      const statements = migration.statements(builder.dialect, builder.at);
      // SQLite runs them one by one; Postgres takes them all in one message.
      for (const sql of builder.dialect === "sqlite" ? statements : [statements.join(";\n")]) yield* raw(sql);
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
