import type { Store } from "@outhook/core";
import assert from "node:assert/strict";
import type { CaseGroup } from "./case.ts";
import {
  endpointId,
  endpointRow,
  everywhere,
  home,
  identity,
  messageId,
  messageRow,
  minute,
  second,
  secretRow,
  t0,
} from "./rows.ts";
import { addEndpoint, deliveryId, fanOutClaim, fanOutTo, only, readDelivery, refused, settlementOf } from "./steps.ts";

export const upkeepCases: CaseGroup = {
  group: "upkeep",
  cases: [
    {
      name: "a second migration runs nothing and keeps what is there",
      start: "unmigrated",
      run: async ({ store }) => {
        const first = await store.upkeep.migrate({ identity, adopt: false });
        const id = only(await fanOutTo(store, 1, { to: [1] }));
        const before = await readDelivery(store, id);
        assert.ok(first.length > 0, "the first one names what it ran");
        assert.deepEqual(await store.upkeep.migrate({ identity, adopt: false }), []);
        assert.deepEqual(await readDelivery(store, id), before);
      },
    },
    {
      name: "of two migrations at once each step runs once",
      start: "unmigrated",
      run: async ({ store, peer }) => {
        const other = await peer();
        const [one, two] = await Promise.all([
          store.upkeep.migrate({ identity, adopt: false }),
          other.upkeep.migrate({ identity, adopt: false }),
        ]);
        const ran = [...one, ...two];
        assert.ok(ran.length > 0);
        assert.equal(new Set(ran).size, ran.length);
        await addEndpoint(store, 1);
        assert.ok(await other.endpoints.get({ tenant: "acme", id: endpointId(1) }));
      },
    },
    {
      name: "the first migration writes the identity down and a later one leaves it",
      run: async ({ store }) => {
        assert.deepEqual(await store.upkeep.identity(), identity);
        await store.upkeep.migrate({ identity: { environment: "staging", partitions: 4 }, adopt: false });
        assert.deepEqual(await store.upkeep.identity(), identity);
      },
    },
    {
      name: "adopting replaces the environment and never the partitions",
      run: async ({ store }) => {
        await store.upkeep.migrate({ identity: { environment: "staging", partitions: 4 }, adopt: true });
        const expected = { environment: "staging", partitions: identity.partitions };
        assert.deepEqual(await store.upkeep.identity(), expected);
      },
    },
    {
      name: "before the first migration all else is refused as schema_pending",
      start: "unmigrated",
      run: async ({ store }) => {
        for (const call of calls) await refused("schema_pending", () => call(store));
      },
    },
    {
      name: "after close all is refused as stopped",
      run: async ({ store }) => {
        await store.close();
        for (const call of calls) await refused("stopped", () => call(store));
        await refused("stopped", () => store.upkeep.migrate({ identity, adopt: false }));
      },
    },
    {
      name: "heartbeats tell of all that live",
      run: async ({ store, peer }) => {
        const other = await peer();
        await heartbeat(store, "a", t0);
        assert.deepEqual(await heartbeat(other, "b", t0 + 1), ["a", "b"]);
        assert.deepEqual(await heartbeat(store, "a", t0 + 2), ["a", "b"]);
      },
    },
    {
      name: "a dispatcher is forgotten when its last heartbeat is over",
      run: async ({ store }) => {
        await heartbeat(store, "a", t0 - second);
        await heartbeat(store, "a", t0);
        assert.deepEqual(await heartbeat(store, "b", t0 + minute - 1), ["a", "b"]);
        assert.deepEqual(await heartbeat(store, "b", t0 + minute + 1), ["b"]);
      },
    },
    {
      name: "a retired dispatcher is forgotten at once",
      run: async ({ store }) => {
        await heartbeat(store, "a", t0);
        await store.upkeep.retire({ dispatcherId: "a" });
        await store.upkeep.retire({ dispatcherId: "unknown" });
        assert.deepEqual(await heartbeat(store, "b", t0 + 1), ["b"]);
      },
    },
  ],
};

async function heartbeat(store: Store, dispatcherId: string, at: number): Promise<readonly string[]> {
  return (await store.upkeep.heartbeat({ dispatcherId, ttlMs: minute, now: at })).toSorted();
}

const endpoint = { tenant: "acme", id: endpointId(1) };
const delivery = { partitions: everywhere, tenant: "acme", id: deliveryId(1, 1) };
const bounds = { limit: 1, perEndpoint: 1, room: new Map<string, number>(), leaseMs: minute };
const rotation = { secret: secretRow(1), secretHint: "", publicKey: null, expireCurrentAt: null, limit: 1 };
const fanOut = { partition: home, messageId: messageId(1), tenant: "acme", type: "loan.active", deliveries: [] };
const settlement = settlementOf(fanOutClaim(1, 1), { next: { status: "succeeded" } });

/** Every method but `migrate`, and `statement`, which reads nothing. */
const calls: readonly ((store: Store) => Promise<unknown>)[] = [
  ({ endpoints }) => endpoints.insert({ endpoint: endpointRow(1), secret: secretRow(1), limit: 1 }),
  ({ endpoints }) => endpoints.get(endpoint),
  ({ endpoints }) => endpoints.list({ tenant: "acme", limit: 1 }),
  ({ endpoints }) => endpoints.update({ ...endpoint, change: (row) => row }),
  ({ endpoints }) => endpoints.verified({ ...endpoint, url: "https://acme.dev/", at: t0 }),
  ({ endpoints }) => endpoints.delete(endpoint),
  ({ endpoints }) => endpoints.ofTenants({ tenants: ["acme"] }),
  ({ endpoints }) => endpoints.revisions({ tenants: ["acme"] }),
  ({ secrets }) => secrets.rotate({ ...endpoint, ...rotation, now: t0 }),
  ({ secrets }) => secrets.keptAnswer({ tenant: "acme", scope: "", key: "", now: t0 }),
  ({ secrets }) => secrets.keyIds({ now: t0 }),
  ({ secrets }) => secrets.sealedWith({ keyId: "k1", limit: 1 }),
  ({ secrets }) => secrets.reseal({ texts: [] }),
  ({ messages }) => messages.insert({ messages: [messageRow(1)] }),
  ({ messages }) => messages.awaitingFanOut({ partitions: everywhere, limit: 1 }),
  ({ deliveries }) => deliveries.fanOut({ messages: [fanOut], leaseMs: minute, now: t0 }),
  ({ deliveries }) => deliveries.claim({ partitions: everywhere, ...bounds, now: t0 }),
  ({ deliveries }) => deliveries.settle({ settlements: [settlement], now: t0 }),
  ({ deliveries }) => deliveries.hold({ partitions: everywhere, endpointId: endpointId(1), holdMs: 1, now: t0 }),
  ({ deliveries }) => deliveries.pace({ partitions: everywhere, endpointId: endpointId(1), perSecond: 1 }),
  ({ deliveries }) => deliveries.forgetFailures({ partitions: everywhere, endpointId: endpointId(1) }),
  ({ deliveries }) => deliveries.cancel({ partitions: everywhere, endpointId: endpointId(1), limit: 1, now: t0 }),
  ({ deliveries }) => deliveries.nextDueInMs({ partitions: everywhere, now: t0 }),
  ({ log }) => log.message({ ...delivery, id: messageId(1) }),
  ({ log }) => log.delivery(delivery),
  ({ log }) => log.deliveries({ partitions: everywhere, tenant: "acme", endpointId: endpointId(1), limit: 1 }),
  ({ log }) => log.health({ partitions: everywhere, endpointIds: [endpointId(1)] }),
  ({ log }) => log.redeliver({ ...delivery, now: t0 }),
  ({ upkeep }) => upkeep.identity(),
  ({ upkeep }) => upkeep.heartbeat({ dispatcherId: "a", ttlMs: minute, now: t0 }),
  ({ upkeep }) => upkeep.retire({ dispatcherId: "a" }),
];
