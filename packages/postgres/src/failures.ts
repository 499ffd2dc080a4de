import { isOuthookError, OuthookError } from "@outhook/core/for-stores";
import { schemaPending } from "@outhook/sql";

/** Something that went wrong, in words: what everybody may read, and what whoever has to repair it should know. */
type Cause = readonly [of: RegExp, code: "store_busy" | "store_unavailable", detail: string, hint: string];

const byItself = "calls work again once it is back";
const inUse = "no connection to the database became free in time";
const inUseHint =
  "all connections of the pool are in use. If a transaction of this app that holds one of them waits for this call, give " +
  "it to the call as { tx }, or make the call after its end; else look for what keeps them, or make the pool larger";

/** By SQLSTATE; the first that fits counts. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const serverCauses: readonly Cause[] = [
  [
    /^53300/,
    "store_unavailable",
    "the database takes no more connections",
    "raise its max_connections, lower the sizes of the pools, or put a pooler between",
  ],
  [
    /^53100/,
    "store_unavailable",
    "the disk of the database is full",
    "make room; nothing was written, and the store goes on by itself",
  ],
  [/^53/, "store_unavailable", "the database has no resources left", "look at its memory and its configured limits"],
  [
    /^25006/,
    "store_unavailable",
    "the database takes no writes",
    "it is a standby, or default_transaction_read_only is on: give the store the primary",
  ],
  [/^57P03/, "store_unavailable", "the database is starting up or shutting down", byItself],
  [/^57P/, "store_unavailable", "the database ended the connection", `a restart, or pg_terminate_backend; ${byItself}`],
  [
    /^25P0[34]/,
    "store_unavailable",
    "the database ended a transaction that stood still",
    "this process was frozen in the middle of it; look at the processor time it gets",
  ],
  [
    /^28/,
    "store_unavailable",
    "the database refused the login",
    "look at the user and the password of the pool, and at pg_hba.conf",
  ],
  [/^3D000/, "store_unavailable", "the database does not exist", "look at its name in the connection string"],
  [
    /^42501/,
    "store_unavailable",
    "the role may not do what the store must",
    "grant it usage of the schema, and select, insert, update and delete on its tables; migrate() must also create them",
  ],
  [
    /^(?:26000|42P05)/,
    "store_unavailable",
    "the database does not keep prepared statements",
    "a pooler gives each transaction another connection: postgresStore({ preparedStatements: false })",
  ],
  [/^08/, "store_unavailable", "the connection to the database was lost", byItself],
  [/^(?:58|XX)/, "store_unavailable", "the server of the database is in trouble", "look at its log and at its disk"],
  [
    /^55P03/,
    "store_busy",
    "another transaction has held a lock for too long",
    "look for it in pg_stat_activity. If it is one of this app that waits for this call, give it to the call as { tx }, " +
      "or make the call after its end. lockWaitMs is how long the store waits",
  ],
  [
    /^57014/,
    "store_busy",
    "the database did not finish a statement in time",
    "it is overloaded, or somebody cancelled the statement: look at pg_stat_activity and at its processor and disk",
  ],
  [
    /^40/,
    "store_busy",
    "the transaction met others each time it was repeated",
    "look at what else writes to Outhook's tables",
  ],
];

/** By the code and message of what no server said; the first that fits counts. */
const connectionCauses: readonly Cause[] = [
  [
    /^ERR_INVALID_URL/,
    "store_unavailable",
    "the database cannot be reached",
    "the connection string is no URL: what is special in its user and password must be percent-encoded",
  ],
  [
    /ENOTFOUND|EAI_AGAIN/,
    "store_unavailable",
    "the database cannot be reached",
    "look at the host in the connection string: its name has no address",
  ],
  [
    /SSL|TLS|certificate|CERT_|ENOENT.*, open /,
    "store_unavailable",
    "no encrypted connection to the database came about",
    "look at sslmode and the certificates in the connection string, or at ssl of the pool, and at ssl of the server",
  ],
  [
    /ECONNREFUSED|ENOENT/,
    "store_unavailable",
    "the database cannot be reached",
    "look whether Postgres runs there, and at host and port",
  ],
  [/^SASL/, "store_unavailable", "the login to the database failed", "look at the password of the pool: is there one?"],
  [
    /pool after calling end/,
    "store_unavailable",
    "the database cannot be reached",
    "the app has ended the pool that it gave to the store; end it after outhook.close()",
  ],
  [/^timeout exceeded when trying to connect/, "store_busy", inUse, inUseHint],
  [/^/, "store_unavailable", "the connection to the database was lost", byItself],
];

/** Any error as an {@link OuthookError}. */
export function failureOf(error: unknown): OuthookError {
  if (isOuthookError(error)) return error;
  if (!(error instanceof Error)) return new OuthookError("internal", "the store failed", { hint: String(error) });
  if (!isServerError(error)) return failureOfConnection(error);
  const { code, message } = error;
  // No such table, column or schema; no such unique index.
  if (/^(?:42P01|42703|3F000|42P10)$/.test(code)) return schemaPending(`the database lacks a table: ${message}`, error);
  const cause = serverCauses.find(([of]) => of.test(code));
  if (cause !== undefined) return failure(cause, `${message}, ${code}`, error);
  return new OuthookError("internal", "the database refused a statement", {
    hint: `${message} (${code})`,
    cause: error,
  });
}

function failureOfConnection(error: Error): OuthookError {
  const isOurs = error instanceof TypeError || error instanceof RangeError;
  if (isOurs && codeOf(error) !== "ERR_INVALID_URL") {
    return new OuthookError("internal", "the store failed", { hint: error.message, cause: error });
  }
  const said = [codeOf(error), error.message].filter((text) => text !== "").join(": ");
  const cause = connectionCauses.find(([of]) => of.test(said));
  return cause === undefined ? new OuthookError("internal", said) : failure(cause, said, error);
}

function failure([, code, detail, hint]: Cause, said: string, cause: unknown): OuthookError {
  return new OuthookError(code, detail, { hint: `${hint} (${said})`, cause });
}

/** True when the same transaction may go through if it is run again: it met another one and wrote nothing. */
export function isCollision(error: unknown): boolean {
  return isServerError(error) && /^40(?:001|P01)$/.test(error.code);
}

/** True for what the server itself reports. */
export function isServerError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && "severity" in error && /^[0-9A-Z]{5}$/.test(codeOf(error));
}

/** True when the connection on which this happened still works. */
export function leavesConnection(error: unknown): boolean {
  return isServerError(error) && !/^(?:08|57P|25P0[34])/.test(error.code);
}

/** When all connections of the pool were in use for so long. */
export function exhaustedFailure(waitedMs: number): OuthookError {
  return new OuthookError("store_busy", inUse, { hint: `${inUseHint} (waited ${waitedMs} ms)` });
}

/** When another process has been migrating for so long. */
export function migratingFailure(waitedMs: number): OuthookError {
  return new OuthookError("store_busy", "another process is migrating this schema", {
    hint:
      `waited ${waitedMs} ms; run migrate() again when that has ended, which with a large table may take hours: ` +
      "pg_stat_progress_create_index tells how far it is",
  });
}

/** When the database has not answered for so long. */
export function silentFailure(waitedMs: number): OuthookError {
  return new OuthookError("store_unavailable", `the database did not answer within ${waitedMs} ms`, {
    hint: "look at the network to it, and at its processor and disk; whether it did what it was asked is not known",
  });
}

/** When the connection was lost between a COMMIT and its answer. */
export function unconfirmedFailure(cause: Error): OuthookError {
  const detail =
    "the connection to the database was lost at the end of a transaction, so whether it was done is not known";
  return new OuthookError("store_unavailable", detail, {
    hint: `what was called with an idempotency key can be called again as it was, and is done once (${cause.message})`,
    cause,
  });
}

function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "";
}
