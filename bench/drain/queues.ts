import type { ProcessorTime } from "../postgres/processor-time.ts";
import { processorTimeOf } from "../postgres/processor-time.ts";
import type { BenchServer } from "../postgres/server.ts";
import { openServer, withClient } from "../postgres/server.ts";
import type { RedisServer } from "../redis/server.ts";
import { openRedis } from "../redis/server.ts";
import { onPostgres, onSqlite, verifyRecorded } from "../stores.ts";
import type { EngineName } from "./engines.ts";
import { kindOf } from "./engines.ts";
import type { Queue } from "./engine.ts";
import { nothing } from "./engine.ts";

/** An empty queue of its own for each run. */
export type QueuePlace = {
  readonly queue: Queue;
  /** Before much is written, so that what was written before costs nothing later. */
  readonly flush: () => Promise<void>;
  /** What the database does by itself within a minute after much was written. */
  readonly tidy: () => Promise<void>;
  /** Of the database's own processes; `null` when it has none. */
  readonly processorTime: ProcessorTime | null;
  /**
   * Throws unless so many deliveries are recorded as made, each with one attempt, and, for `all`, no others. Nothing where the
   * queue keeps no record.
   */
  readonly verify: (expected: number, all: boolean) => Promise<void>;
  readonly destroy: () => Promise<void>;
};

/** The servers that these engines need. */
export type Queues = {
  /** Names with versions. */
  readonly versions: readonly string[];
  /** Whether this engine can run. */
  readonly has: (name: EngineName) => boolean;
  readonly create: (name: EngineName) => Promise<QueuePlace>;
  readonly close: () => Promise<void>;
};

export async function openQueues(names: readonly EngineName[]): Promise<Queues> {
  const needs = (kind: Queue["kind"]): boolean => names.some((name) => kindOf(name).queue === kind);
  const postgres = needs("postgres") ? await openServer() : null;
  const redis = needs("redis") ? await openRedis() : null;
  return {
    versions: [
      ...(postgres === null ? [] : [`PostgreSQL ${postgres.version}`]),
      ...(redis === null ? [] : [`Redis ${redis.version}`]),
    ],
    has: (name) => kindOf(name).queue !== "redis" || redis !== null,
    create: async (name) => {
      switch (kindOf(name).queue) {
        case "none":
          return { ...bare, queue: { kind: "none" } };
        case "sqlite":
          return await placeOnSqlite({ custom: name === "custom-store" });
        case "postgres":
          return await placeOnPostgres(required(postgres), name.startsWith("outhook"));
        case "redis":
          return placeOnRedis(required(redis));
      }
    },
    close: async () => {
      await postgres?.close();
      await redis?.close();
    },
  };
}

const bare = { flush: nothing, tidy: nothing, processorTime: null, verify: nothing, destroy: nothing };

async function placeOnSqlite({ custom }: { readonly custom: boolean }): Promise<QueuePlace> {
  const made = await onSqlite.create();
  const place = custom ? { ...made, location: { ...made.location, custom } } : made;
  return {
    ...bare,
    queue: place.location,
    tidy: place.tidy,
    verify: (expected, all) => verifyRecorded(place, expected, { all }),
    destroy: place.destroy,
  };
}

async function placeOnPostgres(server: BenchServer, records: boolean): Promise<QueuePlace> {
  const place = await onPostgres(server).create();
  return {
    queue: place.location,
    flush: () => withClient(server.url, async (client) => void (await client.query("checkpoint"))),
    tidy: place.tidy,
    processorTime: await processorTimeOf(server.url),
    verify: records ? (expected, all) => verifyRecorded(place, expected, { all }) : nothing,
    destroy: place.destroy,
  };
}

function placeOnRedis({ url, processorTime }: RedisServer): QueuePlace {
  return { ...bare, queue: { kind: "redis", url }, processorTime };
}

function required<Value>(value: Value | null): Value {
  if (value === null) throw new Error("this engine's server was not started");
  return value;
}
