import { OuthookError } from "@outhook/core/for-stores";
import type BetterSqlite3 from "better-sqlite3";

/** Opens a database file. */
export type OpenHandle = (path: string) => BetterSqlite3.Database;

/** Loads better-sqlite3, which the host installs beside this package. */
export async function loadDriver(nodeVersion: string): Promise<OpenHandle> {
  requireNode(nodeVersion);
  const { default: Database } = await import("better-sqlite3").catch((cause: unknown) => {
    throw new OuthookError(
      "store_unavailable",
      "sqliteStore needs the package better-sqlite3, version 13, and could not load it: npm install better-sqlite3@13",
      { cause },
    );
  });
  // Who waits in SQLite keeps everybody else waiting: those that only read, and close().
  return (path) => new Database(path, { timeout: 0 });
}

/** Throws on a Node that better-sqlite3 13 does not merely refuse, but crashes. */
export function requireNode(version: string): void {
  if (Number.parseInt(version, 10) >= 22) return;
  throw new OuthookError(
    "store_unavailable",
    `sqliteStore does not run on Node ${version}: better-sqlite3 13 crashes the process there. Use Node 22.19 or newer`,
  );
}
