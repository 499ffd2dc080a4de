import { OuthookError } from "@outhook/core/for-stores";
import type BetterSqlite3 from "better-sqlite3";
import type { OpenHandle } from "./driver.ts";

const synchronousFull = 2;

/**
 * Opens the file for durable writes beside other processes. All of it is set on every open: `synchronous` belongs to the
 * connection, and better-sqlite3 is built to open a file that is already in WAL mode with NORMAL, which loses the last
 * commits when the power goes.
 */
export function openDatabase(open: OpenHandle, path: string): BetterSqlite3.Database {
  const db = open(path);
  try {
    useWal(db, path);
    db.pragma("synchronous = FULL");
    const synchronous = db.pragma("synchronous", { simple: true });
    if (synchronous !== synchronousFull) {
      throw new OuthookError(
        "store_unavailable",
        `${path} reads back synchronous = ${String(synchronous)} after FULL was set; a store that loses commits is refused`,
      );
    }
    if (process.platform === "darwin") db.pragma("fullfsync = ON");
    db.pragma("foreign_keys = OFF");
    db.pragma("temp_store = MEMORY");
    db.pragma("cache_size = -4096");
    // Only what a burst left behind above 64 MiB is given back to the disk.
    db.pragma("journal_size_limit = 67108864");
    // See checkpoint.ts.
    db.pragma("wal_autocheckpoint = 0");
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function useWal(db: BetterSqlite3.Database, path: string): void {
  const mode = db.pragma("journal_mode = WAL", { simple: true });
  if (mode === "wal" || db.memory) return;
  throw new OuthookError(
    "store_unavailable",
    `${path} cannot use a write-ahead log (journal_mode stays ${String(mode)}): the file must be writable and lie on a ` +
      "local disk, not on a network share",
  );
}
