import type { ReceivedRequest } from "@outhook/testkit";
import { setTimeout as pause } from "node:timers/promises";
import { startServer } from "../../packages/postgres/test/fixtures/server.ts";
import type { DatabaseFault, Fault, Until } from "./faults.ts";
import { killAfter, query, randomOf, requireAlive, strike } from "./faults.ts";
import { leaseMs, openOuthook } from "./outhook.ts";
import type { DispatcherProcess } from "./processes.ts";
import { startDispatcher } from "./processes.ts";
import { startProxy } from "./proxy.ts";
import type { Accepted } from "./sending.ts";
import { createSend, sendAll } from "./sending.ts";
import { startTraffic } from "./traffic.ts";

export type ChaosPlan = {
  /** One more is sent while the database is down. */
  readonly messages: number;
  /** How many of them are sent before they are received. */
  readonly ahead: number;
  /** SIGKILLs of dispatchers. */
  readonly kills: number;
  /** In any order. */
  readonly databaseFaults: readonly DatabaseFault[];
  /** Between the stop of a restart and its start. */
  readonly downMs: number;
  readonly partitionMs: number;
};

/** A message as the database has it in the end. */
export type StoredMessage = {
  readonly id: string;
  readonly key: string;
  readonly body: string;
  /** Of its delivery. */
  readonly status: string | null;
  /** Oldest first. */
  readonly attempts: readonly {
    readonly number: number;
    readonly startedAt: number;
    readonly statusCode: number | null;
    readonly errorClass: string | null;
  }[];
};

/** What came of it. */
export type ChaosReport = {
  readonly accepted: readonly Accepted[];
  readonly requests: readonly ReceivedRequest[];
  readonly stored: readonly StoredMessage[];
  readonly faults: readonly Fault[];
  /** By name, the killed ones included. */
  readonly dispatchers: ReadonlyMap<string, DispatcherProcess>;
};

const dispatchersAtOnce = 2;
const tenants = Array.from({ length: 24 }, (_, n) => `tenant-${n}`);
/** How long anything may take on a busy machine. */
const patienceMs = 60_000;

/**
 * Runs two dispatcher processes behind a proxy in front of a Postgres of its own, sends, does what the plan says at random
 * points of the way, and waits until everything is settled, or nothing moves any more. Prints the seed.
 */
export async function wreakChaos(plan: ChaosPlan): Promise<ChaosReport> {
  const { messages, kills, databaseFaults } = plan;
  const seed = Number(process.env["OUTHOOK_TEST_SEED"] ?? Date.now() % 2 ** 32);
  console.log(`OUTHOOK_TEST_SEED=${seed}`);
  const random = randomOf(seed);
  const lives = Array.from({ length: kills }, () => Math.ceil((random() * 0.6 * messages) / kills));
  const strikes = databaseFaults
    .map((kind) => ({ kind, order: random() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ kind }, n, { length }) => ({ kind, at: ((n + random()) / length) * 0.8 * messages }));

  const over = new AbortController();
  const { signal } = over;
  const until: Until = async (what, condition) => {
    const endAt = Date.now() + patienceMs;
    while (!condition()) {
      if (Date.now() > endAt) throw new Error(`not within ${patienceMs} ms: ${what}`);
      await pause(5, undefined, { signal });
    }
  };

  const closing: (() => Promise<unknown>)[] = [];
  const dispatchers = new Map<string, DispatcherProcess>();
  const faults: Fault[] = [];
  let flows: readonly Promise<unknown>[] = [];
  try {
    const traffic = await startTraffic(random);
    closing.push(traffic.receiver.close);
    const server = await startServer();
    closing.push(server.destroy);
    const proxy = await startProxy({ target: server.url });
    closing.push(proxy.close);
    const outhook = openOuthook(proxy.url);
    closing.push(() => outhook.close());
    await outhook.migrate();
    for (const tenant of tenants) {
      await outhook.tenant(tenant).endpoints.create({ url: traffic.receiver.url(`/${tenant}`) });
    }

    const start = () => {
      signal.throwIfAborted();
      const name = `dispatcher-${dispatchers.size + 1}`;
      const dispatcher = startDispatcher(proxy.url, { name });
      dispatchers.set(name, dispatcher);
      return { name, dispatcher };
    };
    const send = createSend(outhook, { tenants, signal });
    const sentWhileDown: Promise<Accepted>[] = [];
    const onDown = (): void => {
      const accepted = send(messages + sentWhileDown.length);
      // It is awaited below, with the others.
      accepted.catch(() => undefined);
      sentWhileDown.push(accepted);
    };
    const strikeAll = async (): Promise<void> => {
      for (const { kind, at } of strikes) {
        await until(`${at} messages are received`, () => traffic.messages() >= at);
        const durationMs = kind === "restart" ? plan.downMs : plan.partitionMs;
        faults.push(await strike(kind, { server, proxy, durationMs, onDown, signal }));
      }
    };
    const isDone = (): boolean => traffic.messages() >= messages;
    const sending = sendAll(send, { messages, ahead: plan.ahead, received: traffic.messages, signal });
    flows = [sending, strikeAll()];
    for (let slot = 0; slot < dispatchersAtOnce; slot += 1) {
      const requests = lives.filter((_life, index) => index % dispatchersAtOnce === slot);
      flows = [...flows, killAfter(requests, { start, traffic, until, isDone, faults })];
    }
    await Promise.all(flows);
    const accepted = [...(await sending), ...(await Promise.all(sentWhileDown))];
    traffic.hurry();

    const killed = new Set(faults.map(({ name }) => name));
    const alive = [...dispatchers].filter(([name]) => !killed.has(name));
    await settled(server.url, () => {
      for (const [name, dispatcher] of alive) requireAlive(name, dispatcher);
    });
    await Promise.all(alive.map(([, dispatcher]) => dispatcher.end()));
    return {
      accepted,
      requests: traffic.receiver.requests,
      stored: await query<StoredMessage>(server.url, storedText),
      faults,
      dispatchers,
    };
  } finally {
    over.abort();
    await Promise.allSettled(flows);
    await Promise.all([...dispatchers.values()].map((dispatcher) => dispatcher.kill()));
    for (const close of closing.toReversed()) await close();
  }
}

/** Resolves when everything is settled, or when nothing has been for longer than a lease. */
async function settled(url: string, check: () => void): Promise<void> {
  let left = "";
  for (let movedAt = Date.now(); left !== "0" && Date.now() - movedAt < leaseMs + 10_000;) {
    check();
    const [row] = await query<{ readonly count: string }>(url, unsettledText);
    if (row?.count !== left) movedAt = Date.now();
    left = row?.count ?? "";
    await pause(50);
  }
}

const unsettledText = `select (select count(*) from outhook.outhook_messages where fanned_out = 0)
  + (select count(*) from outhook.outhook_deliveries where status = 'pending') as count`;

const storedText = `select m.id, m.idempotency_key as key, m.body, d.status,
  (
    select coalesce(json_agg(json_build_object('number', a.number, 'startedAt', a.started_at, 'statusCode', a.status_code,
      'errorClass', a.error_class) order by a.number), '[]')
    from outhook.outhook_attempts a where a.partition = d.partition and a.delivery_id = d.id
  ) as attempts
from outhook.outhook_messages m
left join outhook.outhook_deliveries d on d.partition = m.partition and d.message_id = m.id`;
