import type { Claim, FanOut, Settlement, Store } from "@outhook/core";
import { isOuthookError } from "@outhook/core";
import pg from "pg";
import { describe, expect, it, onTestFinished } from "vitest";
import { postgresStore } from "../src/index.ts";
import { runOn, useDatabase } from "./fixtures/database.ts";
import { endpointId, everywhere, identity, leaseMs, matched, message, retry, success } from "./fixtures/rows.ts";

const database = useDatabase();

const writers = 6;
const rounds = 25;
const tenants = 5;

/** The same numbers each time, so that a failure can be repeated. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** One of several processes that all do everything at once, in orders of their own. */
async function write(store: Store, n: number): Promise<readonly string[]> {
  const pick = numbers(n + 1);
  const attempted: string[] = [];
  const shuffled = everywhere.toSorted(() => pick(3) - 1);

  const settlementOf = (claim: Claim): Settlement => {
    const next = pick(3) === 0 ? retry(claim) : success(claim);
    return pick(10) === 0 ? { ...next, holdMs: 1 } : next;
  };

  for (let round = 0; round < rounds; round += 1) {
    const messages = Array.from({ length: 8 }, (_, index) => {
      const id = n * 1_000_000 + round * 1_000 + index;
      // Some keys are those of other writers, in another order.
      const key = pick(2) === 0 ? `${round}-${pick(6)}` : null;
      return message(id, { tenant: pick(tenants), idempotencyKey: key, payloadHash: key });
    });
    await store.messages.insert({ messages });
    const waiting = await store.messages.awaitingFanOut({ partitions: shuffled, limit: 20 });
    const wanted = waiting.map((one) => matched(one, pick(2) === 0)).toSorted(() => pick(3) - 1);
    const { leased } = await store.deliveries.fanOut({ messages: wanted, leaseMs });
    const first = wanted.flatMap(({ partition, deliveries }) =>
      deliveries
        .filter(({ id }) => leased.has(id))
        .map(({ id, endpointId: of }) => ({
          partition,
          deliveryId: id,
          endpointId: of,
          lane: "scheduled",
          fence: 1,
        })),
    );
    const claims = await store.deliveries.claim({
      partitions: shuffled,
      limit: 10,
      perEndpoint: 4,
      room: new Map(),
      leaseMs,
    });
    const all = [...first, ...claims].toSorted(() => pick(3) - 1) as Claim[];
    attempted.push(...all.map(({ deliveryId }) => deliveryId));
    await store.deliveries.settle({ settlements: all.map(settlementOf) });
    const of = pick(tenants);
    const some = { partitions: [of], endpointId: endpointId(of) };
    await store.deliveries.hold({ ...some, holdMs: pick(2) });
    if (pick(8) === 0) await store.deliveries.cancel({ ...some, limit: 3 });
    const again = attempted[pick(attempted.length)];
    if (again !== undefined) {
      await store.log.redeliver({ partitions: everywhere, tenant: `tenant-${pick(tenants)}`, id: again });
    }
    await store.upkeep.heartbeat({ dispatcherId: `d${n}`, ttlMs: 1 });
  }
  return attempted;
}

describe("writers of every kind on the same few rows", () => {
  it("never meet in a deadlock, lose nothing, and leave a queue that knows of all that waits", async () => {
    const schema = database.newSchema();
    const pool = new pg.Pool({ connectionString: database.url(), max: writers });
    onTestFinished(() => pool.end());
    const store = postgresStore({ pool, schema });
    await store.upkeep.migrate({ identity, adopt: false });
    const done = await Promise.allSettled(Array.from({ length: writers }, (_, n) => write(store, n)));
    const failures = done.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
    expect(failures.map((error) => (isOuthookError(error) ? error.message : error))).toEqual([]);

    const tables = (name: string) => `"${schema.replaceAll('"', '""')}".outhook_${name}`;
    // What waits is found: each pending delivery has a queue row that is not due later.
    const hidden = `select d.* from ${tables("deliveries")} d left join ${tables("queue")} q
      on q.partition = d.partition and q.endpoint_id = d.endpoint_id and q.lane = d.lane
      where d.status = 'pending' and (q.next_due_at is null or q.next_due_at > d.due_at
        or q.ready_at is distinct from greatest(q.next_due_at, q.held_until, q.served_at))`;
    expect(await runOn(database.url(), hidden)).toEqual([]);
    const later = Date.now() + 10 * leaseMs;
    for (;;) {
      const claims = await store.deliveries.claim({
        partitions: everywhere,
        limit: 100,
        perEndpoint: 100,
        room: new Map(),
        leaseMs,
        now: later,
      });
      if (claims.length === 0) break;
      await store.deliveries.settle({ settlements: claims.map(success), now: later });
    }
    expect(await store.messages.awaitingFanOut({ partitions: everywhere, limit: 1 })).toEqual([]);
    expect(await runOn(database.url(), `select id from ${tables("deliveries")} where status = 'pending'`)).toEqual([]);
    // An attempt for each that was counted, and each message once.
    const [counted] = await runOn(
      database.url(),
      `select (select sum(attempts)::int from ${tables("deliveries")}) as said,
         (select count(*)::int from ${tables("attempts")}) as kept,
         (select count(*)::int from ${tables("messages")}) as messages,
         (select count(*)::int from ${tables("deliveries")}) as deliveries`,
    );
    expect(counted?.["kept"]).toBe(counted?.["said"]);
    expect(counted?.["deliveries"]).toBe(counted?.["messages"]);
    expect(await deadlocks()).toBe(0);
  });
});

/** Two calls on the same rows at once; each names them in an order of its own. */
const pairs: readonly { readonly what: string; readonly calls: (store: Store, round: number) => Promise<Calls> }[] = [
  {
    what: "two inserts of the same keys",
    calls: async (store, round) => {
      const keyed = (writer: number) =>
        Array.from({ length: size }, (_, n) =>
          message(round * 1_000 + writer * 100 + n, { idempotencyKey: `${round}-${n}`, payloadHash: "h" }),
        );
      return [
        () => store.messages.insert({ messages: keyed(1) }),
        () => store.messages.insert({ messages: keyed(2).toReversed() }),
      ];
    },
  },
  {
    what: "two settlements of the same leases",
    calls: async (store, round) => {
      const settlements = (await leaseOf(store, round)).map(retry);
      return [
        () => store.deliveries.settle({ settlements }),
        () => store.deliveries.settle({ settlements: settlements.toReversed() }),
      ];
    },
  },
  {
    what: "a settlement and a cancel of what it settles",
    calls: async (store, round) => {
      const settlements = (await leaseOf(store, round)).map(retry).toReversed();
      const of = { partitions: everywhere, endpointId: endpointId(0) };
      return [
        () => store.deliveries.settle({ settlements }),
        () => store.deliveries.cancel({ ...of, limit: size }),
        () => store.deliveries.cancel({ ...of, limit: size }),
      ];
    },
  },
  {
    what: "two fan-outs of the same messages",
    calls: async (store, round) => {
      const messages = await accepted(store, round);
      return [
        () => store.deliveries.fanOut({ messages, leaseMs }),
        () => store.deliveries.fanOut({ messages: messages.toReversed(), leaseMs }),
      ];
    },
  },
];

type Calls = readonly (() => Promise<unknown>)[];

const size = 40;

async function accepted(store: Store, round: number): Promise<readonly FanOut[]> {
  const messages = Array.from({ length: size }, (_, n) => message(round * 1_000 + n));
  await store.messages.insert({ messages });
  return messages.map((one) => matched(one));
}

async function leaseOf(store: Store, round: number): Promise<readonly Claim[]> {
  await store.deliveries.fanOut({ messages: await accepted(store, round), leaseMs });
  return await store.deliveries.claim({ partitions: [0], limit: size, perEndpoint: size, room: new Map(), leaseMs });
}

describe("calls that name the same rows in different orders", () => {
  it.each(pairs)("never meet in a deadlock: $what", async ({ calls }) => {
    const before = await deadlocks();
    const store = await database.openStore();
    for (let round = 1; round <= 12; round += 1) {
      await Promise.all((await calls(store, round)).map((call) => call()));
    }
    expect(await deadlocks()).toBe(before);
  });
});

async function deadlocks(): Promise<unknown> {
  const counted = "select deadlocks::int from pg_stat_database where datname = current_database()";
  return (await runOn(database.url(), counted))[0]?.["deadlocks"];
}

describe("dispatchers that all come back after an outage", () => {
  it("tell of each other without waiting for each other's rows", async () => {
    const store = await database.openStore({ pool: database.openPool({ max: 8 }) });
    const before = await deadlocks();
    const ids = Array.from({ length: 8 }, (_, n) => `d${n}`);
    for (let round = 1; round <= 10; round += 1) {
      const now = round * 1_000;
      const alive = await Promise.all(
        ids.map((dispatcherId) => store.upkeep.heartbeat({ dispatcherId, ttlMs: 500, now })),
      );
      for (const [n, seen] of alive.entries()) expect(seen).toContain(ids[n]);
    }
    expect(await deadlocks()).toBe(before);
  });
});
