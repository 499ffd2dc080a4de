import { exhaustedFailure, leavesConnection, silentFailure } from "./failures.ts";
import { within } from "./within.ts";

/** A query as `pg` takes it. */
export type PostgresQuery = {
  text: string;
  values?: unknown[];
  /** Under which the connection keeps it prepared. */
  name?: string;
  types?: { getTypeParser: (oid: number) => (value: string) => unknown };
};

/** What the store uses of a client of a `pg` pool. */
export type PostgresClient = {
  /** Sends queries without waiting for the answers to those before. */
  readonly pipeline?: boolean | undefined;
  query(query: PostgresQuery): Promise<unknown>;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "notification", listener: (message: { payload?: string | undefined }) => void): unknown;
  removeListener(event: "error", listener: (error: Error) => void): unknown;
  release(destroy?: boolean): void;
};

/** What the store uses of a `pg` pool. */
export type PostgresPool = {
  /** Callers that wait because all connections are in use. */
  readonly waitingCount: number;
  /** `max` is how many connections it may have: without it the store keeps none of them for itself. */
  readonly options?: { readonly max?: number | undefined } | undefined;
  connect(callback: (error: Error | undefined, client: PostgresClient | undefined) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  removeListener(event: "error", listener: (error: Error) => void): unknown;
};

/** A connection that is the caller's until it is given back. */
export type Connection = {
  /** The rows of the query, of the last one where the text has several. Throws what `pg` throws, or that no answer came. */
  readonly run: (query: PostgresQuery, mostMs: number) => Promise<readonly unknown[]>;
  /** Whether several queries may be on their way at once. */
  readonly pipelines: boolean;
  /** True when it does not work any more. */
  readonly isLost: () => boolean;
  /**
   * Calls `listener` with the payloads that come on the channels to which the connection listens. To be called once; the
   * promise resolves when the connection is lost.
   */
  readonly hear: (listener: (payload: string) => void) => Promise<void>;
  /** To be called once. A connection that is lost, that listens, or that the caller distrusts, leaves the pool. */
  readonly giveBack: (options: { readonly distrusted: boolean }) => void;
};

/** Takes a connection from the pool, waiting up to `waitMs` for one. */
export async function checkOut(pool: PostgresPool, waitMs: number): Promise<Connection> {
  const connecting = new Promise<Connection>((resolve, reject) => {
    // With a callback: a connection can end in the moment in which it comes, before a promise of it would be looked at.
    pool.connect((error, client) => {
      if (client === undefined) reject(error ?? new Error("the pool gave no connection"));
      else resolve(connectionOf(client));
    });
  });
  try {
    return await within(waitMs, connecting, () =>
      pool.waitingCount > 0 ? exhaustedFailure(waitMs) : silentFailure(waitMs),
    );
  } catch (error) {
    // It may still come, when nobody waits for it any more.
    connecting.then((late) => late.giveBack({ distrusted: false })).catch(() => undefined);
    throw error;
  }
}

function connectionOf(client: PostgresClient): Connection {
  let lost = false;
  let listens = false;
  let onLost: (() => void) | null = null;
  const lose = (): void => {
    lost = true;
    onLost?.();
  };
  // Without a listener the end of a connection would end the process. Whoever waits for a query is told by its promise.
  client.on("error", lose);

  return {
    run: async (query, mostMs) => {
      try {
        return rowsOf(await within(mostMs, client.query(query), () => silentFailure(mostMs)));
      } catch (error) {
        if (!leavesConnection(error)) lose();
        throw error;
      }
    },
    pipelines: client.pipeline === true,
    isLost: () => lost,
    hear: async (listener) => {
      listens = true;
      client.on("notification", ({ payload = "" }) => listener(payload));
      await new Promise<void>((resolve) => {
        onLost = resolve;
        if (lost) resolve();
      });
    },
    giveBack: ({ distrusted }) => {
      client.removeListener("error", lose);
      client.release(lost || listens || distrusted);
    },
  };
}

function rowsOf(result: unknown): readonly unknown[] {
  const last: unknown = Array.isArray(result) ? result.at(-1) : result;
  if (typeof last === "object" && last !== null && "rows" in last && Array.isArray(last.rows)) return last.rows;
  throw new TypeError("the client answered a query with something that has no rows");
}
