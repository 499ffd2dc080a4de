import type { Dialect } from "./dialect.ts";
import { migrationTable } from "./migrate.ts";
import { migrations } from "./migrations.ts";

/**
 * All migrations as one SQL text, for hosts that bring schemas up to date with a tool of their own. A database it ran on
 * counts as migrated; `await outhook.migrate()` is still needed once, to write down the environment.
 *
 * @example
 * writeFileSync("migrations/0007_outhook.sql", schemaSql("sqlite"));
 */
export function schemaSql(dialect: Dialect): string {
  const now = dialect === "sqlite" ? "unixepoch() * 1000" : "(extract(epoch from now()) * 1000)::bigint";
  const statements = migrations.flatMap(({ id, breaking, statements: of }) => [
    `insert into outhook_migrations (id, breaking, applied_at) values ('${id}', ${breaking ? 1 : 0}, ${now})`,
    ...of(dialect),
  ]);
  return [migrationTable(dialect), ...statements].map((statement) => `${statement};\n`).join("\n");
}
