import Database from "better-sqlite3";

/**
 * Limits the pages of each database that this process opens from now on: SQLite answers as on a full disk. Returns what lifts
 * the limit.
 */
export function limitPages(pages: number): () => void {
  const opened = new Set<Database.Database>();
  const pragma: unknown = Reflect.get(Database.prototype, "pragma");
  if (typeof pragma !== "function") throw new TypeError("better-sqlite3 has changed");
  // The limit belongs to the connection, so it is set as soon as the store sets anything on one.
  Reflect.set(Database.prototype, "pragma", function limited(this: Database.Database, ...args: readonly unknown[]) {
    if (!opened.has(this)) Reflect.apply(pragma, this, [`max_page_count = ${pages}`]);
    opened.add(this);
    return Reflect.apply(pragma, this, args) as unknown;
  });
  return () => {
    for (const db of opened) if (db.open) Reflect.apply(pragma, db, [`max_page_count = ${2 ** 30}`]);
  };
}
