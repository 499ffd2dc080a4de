import type { NewMessage, OnInserted } from "@outhook/core";
import { hash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { answerMs, keepListening } from "./listening.ts";
import type { PoolSource } from "./pool-source.ts";
import { checkOut } from "./pool.ts";

/**
 * Hints between processes, by LISTEN and NOTIFY.
 *
 * Postgres commits transactions that notify one after the other, under one lock for the whole server. That is why neither the
 * host's transactions nor ours do: a NOTIFY is a statement of its own, a few times a second, and nobody waits for it or hears of
 * its failure. What gets lost is found by polling.
 */
export type Hints = {
  /** Tells those who listen that these messages are committed, soon and in the background. */
  readonly give: (messages: readonly Pick<NewMessage, "partition">[]) => void;
  /** The same of messages in a transaction of the host, which ends nobody knows when: twice, in the hope that it has. */
  readonly giveLater: (messages: readonly Pick<NewMessage, "partition">[]) => void;
  /** Listens on a connection of its own. Not there when the pool is too small for that. */
  readonly listen: OnInserted | undefined;
  /** Gives all connections back. */
  readonly close: () => Promise<void>;
};

/** At most one NOTIFY in so long; the first goes at once. */
const everyMs = 25;
/** Most transactions of hosts have ended after the first. Those that take longer than both are found by polling. */
const laterMs = [25, 250];
/** In smaller pools a connection that listens would leave too few for everything else. */
const fewestConnections = 3;
/** Payloads must be shorter than 8,000 bytes. https://www.postgresql.org/docs/current/sql-notify.html */
const mostNamed = 1_000;

export function createHints(
  source: PoolSource,
  { schema, requireOpen }: { readonly schema: string; readonly requireOpen: () => void },
): Hints {
  const channel = channelOf(schema);
  const listening = new Set<() => Promise<void>>();
  let closed = false;
  let untold = new Set<number>();
  let telling: Promise<void> | null = null;

  const notify = async (payload: string): Promise<void> => {
    const connection = await checkOut(await source.open(), answerMs);
    try {
      await connection.run({ text: "select pg_notify($1, $2)", values: [channel, payload] }, answerMs);
    } finally {
      connection.giveBack({ distrusted: false });
    }
  };

  const tellAll = async (): Promise<void> => {
    while (untold.size > 0 && !closed) {
      const payload = payloadOf(untold);
      untold = new Set();
      await Promise.all([notify(payload).catch(ignore), pause(everyMs)]);
    }
    telling = null;
  };

  const listen: OnInserted = async (listener) => {
    requireOpen();
    const over = new AbortController();
    let kept = Promise.resolve();
    const end = async (): Promise<void> => {
      over.abort();
      await kept;
      listening.delete(end);
    };
    listening.add(end);
    await new Promise<void>((resolve) => {
      kept = keepListening(source, {
        channel,
        signal: over.signal,
        onPayload: (payload) => listener(partitionsIn(payload)),
        onTried: resolve,
      });
    });
    return end;
  };

  const tell = (partitions: Iterable<number>): void => {
    if (closed) return;
    for (const partition of partitions) untold.add(partition);
    telling ??= tellAll();
  };

  return {
    give: (messages) => tell(partitionsOf(messages)),
    giveLater: (messages) => {
      const partitions = partitionsOf(messages);
      for (const ms of laterMs) setTimeout(tell, ms, partitions).unref();
    },
    listen: source.maxConnections < fewestConnections ? undefined : listen,
    close: async () => {
      closed = true;
      await Promise.all([telling, ...[...listening].map((end) => end())]);
    },
  };
}

/** Channels have names of 63 bytes at most; this one is as good for any schema, and needs no quotes. */
function channelOf(schema: string): string {
  return `outhook_${hash("sha256", schema, "hex").slice(0, 24)}`;
}

function partitionsOf(messages: readonly Pick<NewMessage, "partition">[]): ReadonlySet<number> {
  return new Set(messages.map(({ partition }) => partition));
}

/** Empty for any partition. */
function payloadOf(partitions: ReadonlySet<number>): string {
  return partitions.size > mostNamed ? "" : [...partitions].join(",");
}

function partitionsIn(payload: string): readonly number[] | null {
  return payload === "" ? null : payload.split(",").map(Number);
}

/** Who waits for the hint looks by itself, a little later. */
function ignore(): void {}
