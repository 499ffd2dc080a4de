import type { AnyEvents, DispatcherOptions, Logger, Outhook } from "@outhook/core";
import { createOuthook } from "@outhook/core";
import type { PostgresTransaction } from "@outhook/postgres";
import { postgresStore } from "@outhook/postgres";
import type { Watched } from "./watched-store.ts";
import { watchedStore } from "./watched-store.ts";

/** The shortest lease there may be: timeouts of at most a second, and ten to spare. */
export const leaseMs = 11_000;
export const concurrency = 16;

/** What a process of these tests is told. */
export type AppOptions = {
  /** What its requests say as `user-agent`, so that the receiver knows whose they are. */
  readonly name?: string | undefined;
  readonly dispatcher?: DispatcherOptions | undefined;
  /** Of its pool. */
  readonly maxConnections?: number | undefined;
  readonly watched?: Watched | undefined;
};

/** The same app in every process of these tests. */
export function openOuthook(
  url: string,
  { name, dispatcher, maxConnections, watched }: AppOptions = {},
): Outhook<AnyEvents, PostgresTransaction> {
  const store = postgresStore({ connectionString: url, maxConnections });
  return createOuthook({
    store: watched === undefined ? store : watchedStore(store, watched),
    secretKeys: "plaintext",
    network: { allow: ["127.0.0.1/32"], allowHttp: true },
    wire: { userAgent: name },
    dispatcher: { leaseMs, maxTimeoutSeconds: 1, concurrency, ...dispatcher },
    logger: lineLogger,
  });
}

/** One line of standard error for each entry. */
const lineLogger: Logger = {
  warn: (details, message) => console.error(lineOf("warn", details, message)),
  error: (details, message) => console.error(lineOf("error", details, message)),
};

function lineOf(level: string, details: Readonly<Record<string, unknown>>, message: string): string {
  const { error, ...rest } = details;
  return JSON.stringify({ at: Date.now(), level, message, error: String(error), ...rest });
}
