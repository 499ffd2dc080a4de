import type { AnyEvents, DispatcherOptions, Logger, Outhook, Store } from "@outhook/core";
import { createOuthook } from "@outhook/core";
import { postgresStore } from "@outhook/postgres";
import { sqliteStore } from "@outhook/sqlite";

/** What a process of these tests is told. */
export type AppOptions = {
  /** The path of a SQLite file, or the URL of a Postgres database. */
  readonly database: string;
  /** What its requests say as `user-agent`, so that the receiver knows whose they are. Default `app`. */
  readonly name?: string | undefined;
  readonly dispatcher?: DispatcherOptions | undefined;
  /** Of the store. */
  readonly lockWaitMs?: number | undefined;
};

/** The shortest lease there may be: timeouts of at most a second, and ten to spare. */
export const shortestLease: DispatcherOptions = { leaseMs: 11_000, maxTimeoutSeconds: 1 };

/** The same app in every process of these tests. */
export function openApp(
  { database, name = "app", dispatcher, lockWaitMs }: AppOptions,
  logger: Logger = lineLogger,
): Outhook<AnyEvents, never> {
  const store: Store = database.startsWith("postgres")
    ? postgresStore({ connectionString: database, lockWaitMs })
    : sqliteStore({ path: database, lockWaitMs });
  return createOuthook({
    store,
    secretKeys: "plaintext",
    network: { allow: ["127.0.0.1/32"], allowHttp: true },
    wire: { userAgent: name },
    dispatcher,
    logger,
  });
}

/** One line of standard error for each entry. */
const lineLogger: Logger = {
  warn: (details, message) => console.error(lineOf("warn", details, message)),
  error: (details, message) => console.error(lineOf("error", details, message)),
};

function lineOf(level: string, details: Readonly<Record<string, unknown>>, message: string): string {
  const { error, ...rest } = details;
  return JSON.stringify({ level, message, error: String(error), ...rest });
}
