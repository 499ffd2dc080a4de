import type { Dialect } from "./dialect.ts";
import { placeOf } from "./place.ts";
import { migrationTable } from "./migrate.ts";
import type { Migration } from "./migrations.ts";
import { migrations } from "./migrations.ts";

/**
 * All migrations as one SQL text, for hosts that bring schemas up to date with a tool of their own. A database it ran on
 * counts as migrated; `await outhook.migrate()` is still needed once, to write down the environment.
 *
 * `schema` is the one of the Postgres store; default `outhook`, as there.
 *
 * @example
 * writeFileSync("migrations/0007_outhook.sql", schemaSql("sqlite"));
 */
export function schemaSql(
  dialect: Dialect,
  { schema = "outhook" }: { readonly schema?: string | undefined } = {},
  known: readonly Migration[] = migrations,
): string {
  const at = dialect === "sqlite" ? "" : placeOf(schema);
  const first = dialect === "sqlite" ? [] : [`create schema if not exists ${at.slice(0, -1)}`];
  const now = dialect === "sqlite" ? "unixepoch() * 1000" : "(extract(epoch from now()) * 1000)::bigint";
  const statements = known.flatMap(({ id, breaking, statements: of }) => [
    `insert into ${at}outhook_migrations (id, breaking, applied_at) values ('${id}', ${breaking ? 1 : 0}, ${now})`,
    // In an empty database nobody is kept waiting, and the whole text may run in one transaction.
    ...of(dialect, at).map((statement) => statement.replace(/^(create (?:unique )?index) concurrently /, "$1 ")),
  ]);
  return [...first, migrationTable(dialect, at), ...statements].map((statement) => `${statement};\n`).join("\n");
}
