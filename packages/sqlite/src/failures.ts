import { isOuthookError, OuthookError } from "@outhook/core/for-stores";
import { schemaPending } from "@outhook/sql/for-hosts";

/** What SQLite's result codes mean for whoever has to repair it. */
const causes: readonly (readonly [code: string, words: string])[] = [
  [
    "SQLITE_FULL",
    "the disk, or the quota on it, is full: make room; nothing was written, and the store goes on by itself",
  ],
  ["SQLITE_IOERR", "the disk refused to read or write: look at the disk, its quota and the process's file size limit"],
  ["SQLITE_CANTOPEN", "the file cannot be opened: look at the path, its folder and the permissions of both"],
  ["SQLITE_READONLY", "the file cannot be written: look at the permissions of the file and of its folder"],
  ["SQLITE_PERM", "the file may not be used: look at the permissions of the file and of its folder"],
  ["SQLITE_NOTADB", "the file is not a SQLite database: look at the path"],
  ["SQLITE_CORRUPT", "the file is damaged: run `pragma integrity_check` on a copy and restore a backup"],
];

/** True when another connection holds a lock that this call needs, so that trying again later helps. */
export function isBusy(error: unknown): boolean {
  return sqliteCode(error)?.startsWith("SQLITE_BUSY") === true;
}

/** True for what SQLite itself reports. */
export function isSqliteError(error: unknown): boolean {
  return sqliteCode(error) !== null;
}

/** Any error of the driver as an {@link OuthookError}; `file` names the database. */
export function failureOf(error: unknown, file: string): OuthookError {
  if (isOuthookError(error)) return error;
  const code = sqliteCode(error);
  const message = error instanceof Error ? error.message : String(error);
  if (/^no such (table|column): |has no column named /.test(message)) {
    return schemaPending(`${file} lacks Outhook's tables (${message})`, error);
  }
  const known = causes.find(([prefix]) => code?.startsWith(prefix) === true);
  if (known !== undefined)
    return new OuthookError("store_unavailable", `${file}: ${known[1]} (${code})`, { cause: error });
  if (message.includes("directory does not exist")) {
    return new OuthookError("store_unavailable", `${file}: its folder does not exist; create it first`, {
      cause: error,
    });
  }
  return new OuthookError("internal", `${file}: ${message}`, { cause: error });
}

/** What to say when the wait for the write lock was in vain. */
export function busyFailure(file: string, waitedMs: number, cause: unknown): OuthookError {
  return new OuthookError(
    "store_busy",
    `another connection has held the write lock of ${file} for ${waitedMs} ms. If it is a transaction of this app that ` +
      "waits for this call, give it to the call as { tx }, or make the call after its end; else look for what keeps a " +
      "write transaction open on the file: a script, a shell, a backup. lockWaitMs is how long the store waits",
    { cause },
  );
}

/** What calls get after `close`. */
export function closedStore(file: string): OuthookError {
  return new OuthookError("stopped", `the store on ${file} is closed: create a new one`);
}

function sqliteCode(error: unknown): string | null {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return null;
  return error.code.startsWith("SQLITE_") ? error.code : null;
}
