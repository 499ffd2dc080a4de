import { OuthookError } from "@outhook/core/for-stores";
import type { Dialect } from "./dialect.ts";
import { firstTables } from "./first-migration.ts";
import { sendFunction } from "./send-function.ts";

/** One numbered step of the schema. Once released it never changes. */
export type Migration = {
  /** Sorts after those before it. */
  readonly id: string;
  /** True when versions of Outhook that do not know it must not run on a database that has it. */
  readonly breaking: boolean;
  /**
   * `false` for what Postgres runs statement by statement, outside of a transaction: `create index concurrently if not
   * exists`, which lets others write while it reads a large table. It is recorded when all of it is done; until then it may
   * run again from its beginning, so each statement must be one that can. SQLite runs it in a transaction. Default `true`.
   */
  readonly transactional?: boolean | undefined;
  /** What it runs, in order. `at` stands before every name that it creates or refers to. */
  readonly statements: (dialect: Dialect, at: string) => readonly string[];
};

/** All migrations, oldest first. */
export const migrations: readonly Migration[] = [
  {
    id: "0001_tables",
    breaking: true,
    statements: (dialect, at) => [...firstTables(dialect, at), ...sendFunction(dialect, at)],
  },
];

/** A migration as the database remembers it. */
export type AppliedMigration = { readonly id: string; readonly breaking: boolean };

/** The migrations that the database does not have yet. Throws `schema_newer` when this version must not run on it. */
export function pendingMigrations(
  applied: readonly AppliedMigration[],
  known: readonly Migration[] = migrations,
): readonly Migration[] {
  const ids = new Set(known.map(({ id }) => id));
  const newer = applied.find(({ id, breaking }) => breaking && !ids.has(id));
  if (newer !== undefined) {
    throw new OuthookError(
      "schema_newer",
      `the database has the migration ${newer.id}, which this version of Outhook does not know and must not run on; ` +
        "deploy at least the version that migrated it",
    );
  }
  const done = new Set(applied.map(({ id }) => id));
  return known.filter(({ id }) => !done.has(id));
}

/** What to throw when the schema is missing or incomplete. */
export function schemaPending(detail: string, cause?: unknown): OuthookError {
  return new OuthookError("schema_pending", `${detail}; run \`await outhook.migrate()\` once before using the store`, {
    cause,
  });
}
