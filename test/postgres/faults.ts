import pg from "pg";
import { setTimeout as pause } from "node:timers/promises";
import type { TestServer } from "../../packages/postgres/test/fixtures/server.ts";
import type { DispatcherProcess } from "./processes.ts";
import type { PostgresProxy } from "./proxy.ts";
import type { Traffic } from "./traffic.ts";

/** `terminate`: every connection, by pg_terminate_backend · `restart`: in immediate mode · `partition`: by the proxy. */
export type DatabaseFault = "terminate" | "restart" | "partition";

/** What was done, and when: epoch milliseconds. */
export type Fault = {
  readonly kind: "kill" | DatabaseFault;
  /** The dispatcher that was killed. */
  readonly name: string | null;
  readonly from: number;
  readonly to: number;
};

/** Waits for a condition that must come about soon. */
export type Until = (what: string, condition: () => boolean) => Promise<void>;

/** A seeded generator, so that a failure can be run again with the seed it printed. */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * Keeps one dispatcher alive: kills it by SIGKILL when it has made so many requests and has some open, and starts the next
 * one at once, which is killed after the next number of requests.
 */
export async function killAfter(
  requests: readonly number[],
  options: {
    readonly start: () => { readonly name: string; readonly dispatcher: DispatcherProcess };
    readonly traffic: Traffic;
    readonly until: Until;
    /** True when nothing is left to be requested. */
    readonly isDone: () => boolean;
    readonly faults: Fault[];
  },
): Promise<void> {
  const { start, traffic, until, isDone, faults } = options;
  let { name, dispatcher } = start();
  for (const count of requests) {
    await until(`${name} makes ${count} requests`, () => {
      requireAlive(name, dispatcher);
      return isDone() || (traffic.requestsOf(name) >= count && traffic.openOf(name) > 0);
    });
    const from = Date.now();
    await dispatcher.kill();
    faults.push({ kind: "kill", name, from, to: Date.now() });
    ({ name, dispatcher } = start());
  }
}

/** Throws what it last wrote when it has ended. */
export function requireAlive(name: string, { hasEnded, errors }: DispatcherProcess): void {
  if (hasEnded()) throw new Error([`${name} ended by itself`, ...errors.map(({ text }) => text)].join("\n"));
}

/** Does this to the database, and undoes it after a time. */
export async function strike(
  kind: DatabaseFault,
  options: {
    readonly server: TestServer;
    readonly proxy: PostgresProxy;
    readonly durationMs: number;
    /** Called when the database is down. */
    readonly onDown: () => void;
    readonly signal: AbortSignal;
  },
): Promise<Fault> {
  const { server, proxy, durationMs, onDown, signal } = options;
  const from = Date.now();
  switch (kind) {
    case "terminate": {
      const ended = await query(
        server.url,
        `select pg_terminate_backend(pid) from pg_stat_activity
        where pid <> pg_backend_pid() and backend_type = 'client backend'`,
      );
      if (ended.length === 0) throw new Error("there was no connection to terminate");
      break;
    }
    case "restart":
      await server.stop("immediate");
      onDown();
      await pause(durationMs, undefined, { signal });
      await server.start();
      break;
    case "partition":
      proxy.pause();
      await pause(durationMs, undefined, { signal });
      proxy.resume();
      break;
  }
  return { kind, name: null, from, to: Date.now() };
}

/** The rows of one query on a connection of its own, past the proxy. */
export async function query<Row>(url: string, text: string): Promise<readonly Row[]> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query(text)).rows as readonly Row[];
  } finally {
    await client.end();
  }
}
