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
  query(query: PostgresQuery): Promise<unknown>;
  on(event: "error", listener: (error: Error) => void): unknown;
  removeListener(event: "error", listener: (error: Error) => void): unknown;
  release(destroy?: boolean): void;
};

/** What the store uses of a `pg` pool. */
export type PostgresPool = {
  /** Callers that wait because all connections are in use. */
  readonly waitingCount: number;
  connect(): Promise<PostgresClient>;
  on(event: "error", listener: (error: Error) => void): unknown;
  removeListener(event: "error", listener: (error: Error) => void): unknown;
};

/** A connection that is the caller's until it is given back. */
export type Connection = {
  /** The rows of the query, of the last one where the text has several. Throws what `pg` throws, or that no answer came. */
  readonly run: (query: PostgresQuery, mostMs: number) => Promise<readonly unknown[]>;
  /** True when it does not work any more. */
  readonly isLost: () => boolean;
  /** To be called once. A connection that is lost, or that the caller distrusts, leaves the pool. */
  readonly giveBack: (options: { readonly distrusted: boolean }) => void;
};

/** Takes a connection from the pool, waiting up to `waitMs` for one. */
export async function checkOut(pool: PostgresPool, waitMs: number): Promise<Connection> {
  const connecting = pool.connect();
  let client: PostgresClient;
  try {
    client = await within(waitMs, connecting, () =>
      pool.waitingCount > 0 ? exhaustedFailure(waitMs) : silentFailure(waitMs),
    );
  } catch (error) {
    // It may still come, when nobody waits for it any more.
    connecting.then((late) => late.release()).catch(() => undefined);
    throw error;
  }
  return connectionOf(client);
}

function connectionOf(client: PostgresClient): Connection {
  let lost = false;
  const lose = (): void => {
    lost = true;
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
    isLost: () => lost,
    giveBack: ({ distrusted }) => {
      client.removeListener("error", lose);
      client.release(lost || distrusted);
    },
  };
}

function rowsOf(result: unknown): readonly unknown[] {
  const last: unknown = Array.isArray(result) ? result.at(-1) : result;
  if (typeof last === "object" && last !== null && "rows" in last && Array.isArray(last.rows)) return last.rows;
  throw new TypeError("the client answered a query with something that has no rows");
}
