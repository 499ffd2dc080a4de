import type { Store } from "@outhook/core";
import { describe, expect, it } from "vitest";
import { runOn, useDatabase } from "./fixtures/database.ts";
import { claimAll, endpointId, everywhere, idOf, leaseMs, matched, message, retry, success } from "./fixtures/rows.ts";

const database = useDatabase();

/** Sends one message to each of so many endpoints, leased at once, and settles all but the last, which is retried. */
async function settleAllButOne(store: Store, endpoints: number, now: number): Promise<void> {
  const messages = Array.from({ length: endpoints }, (_, n) => message(n, { tenant: n }));
  await store.messages.insert({ messages });
  const wanted = messages.map((one) => matched(one, true));
  await store.deliveries.fanOut({ messages: wanted, leaseMs, now });
  const first = wanted.flatMap(({ partition, deliveries }) =>
    deliveries.map(({ id, endpointId: of }) => ({
      partition,
      deliveryId: id,
      endpointId: of,
      lane: "scheduled" as const,
      fence: 1,
    })),
  );
  const settlements = first.map((claim, n) =>
    n < endpoints - 1 ? success(claim) : { ...retry(claim), next: { status: "pending", delayMs: leaseMs } as const },
  );
  await store.deliveries.settle({ settlements, now });
}

describe("queue rows of endpoints that have nothing left", () => {
  it("do not hide one that has, and say nothing is due once it is done", async () => {
    const store = await database.openStore();
    const bounds = { partitions: everywhere, limit: 4, perEndpoint: 4, room: new Map<string, number>(), leaseMs };
    await settleAllButOne(store, 300, 0);
    const claims = await store.deliveries.claim({ ...bounds, now: leaseMs });
    expect(claims.map((claim) => claim.endpointId)).toEqual([endpointId(299)]);
    await store.deliveries.settle({ settlements: claims.map(success), now: leaseMs });
    expect(await store.deliveries.nextDueInMs({ partitions: everywhere, now: leaseMs })).toBeNull();
  });

  it("are looked at once, and then not again until they have something", async () => {
    const schema = database.newSchema();
    const store = await database.openStore({ schema });
    await settleAllButOne(store, 50, 0);
    await store.deliveries.claim({
      partitions: everywhere,
      limit: 100,
      perEndpoint: 9,
      room: new Map(),
      leaseMs,
      now: leaseMs,
    });
    const ready = `select endpoint_id from "${schema.replaceAll('"', '""')}".outhook_queue where ready_at is not null`;
    expect(await runOn(database.url(), ready)).toEqual([{ endpoint_id: endpointId(49) }]);
  });
});

describe("the clock of the database", () => {
  it("decides when no time is given, whatever the clock of the process says", async () => {
    const store = await database.openStore();
    await store.messages.insert({ messages: [message(1)] });
    await store.deliveries.fanOut({ messages: [matched(message(1))], leaseMs });
    const [claim] = await claimAll(store);
    const [row] = await runOn(database.url(), "select floor(extract(epoch from now()) * 1000)::float8 as now");
    const found = await store.log.delivery({
      partitions: everywhere,
      tenant: "tenant-0",
      id: claim?.deliveryId ?? "",
    });
    const at = (found?.delivery.nextAttemptAt ?? 0) - leaseMs;
    expect(Math.abs(at - Number(row?.["now"]))).toBeLessThan(5_000);
  });

  it("gives way to a clock that the store was given", async () => {
    let now = 1_000;
    const store = await database.openStore({ now: () => now });
    await store.messages.insert({ messages: [message(1)] });
    await store.deliveries.fanOut({ messages: [matched(message(1))], leaseMs });
    now = 999;
    expect(await claimAll(store)).toEqual([]);
    now = 1_000;
    expect(await claimAll(store)).toHaveLength(1);
    expect(await store.deliveries.nextDueInMs({ partitions: everywhere })).toBe(leaseMs);
  });
});

describe("bodies", () => {
  it("of one call are bounded, so that large ones do not fill the memory, and the rest comes with the next", async () => {
    const store = await database.openStore();
    const body = JSON.stringify("x".repeat(1_500_000));
    const messages = Array.from({ length: 6 }, (_, n) => message(n, { body, id: idOf("msg_", n) }));
    await store.messages.insert({ messages });
    const waiting = await store.messages.awaitingFanOut({ partitions: everywhere, limit: 100 });
    expect(waiting).toHaveLength(3);
    await store.deliveries.fanOut({ messages: messages.map((one) => matched(one)), leaseMs });
    const counts = [];
    for (let n = 0; n < 3; n += 1) counts.push((await claimAll(store)).length);
    expect(counts).toEqual([3, 3, 0]);
  });
});
