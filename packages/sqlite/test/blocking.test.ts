import type { Claim, Store, StoredAnswer, StoredSecret } from "@outhook/core";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { deliveryInBacklog, heldTenant, seedBacklog } from "./fixtures/backlog.ts";
import { databaseFile, openStore } from "./fixtures/database-file.ts";
import type { LongestTurn } from "./fixtures/event-loop.ts";
import { longestTurn } from "./fixtures/event-loop.ts";
import { endpointId, endpointRow, everywhere, idOf, leaseMs, matched, message, success } from "./fixtures/rows.ts";

const backlog = 200_000;
const rounds = 100;
/** Messages and deliveries in one call, as the dispatcher and the group commit make them on a busy day. */
const batch = 96;
/** As many tenants with an endpoint as one call reads. */
const many = Array.from({ length: 200 }, (_, n) => `one of many ${n}`);

describe("with 200,000 deliveries waiting behind a held endpoint", () => {
  it("no method keeps the event loop for 10 ms at p99", { timeout: 120_000, retry: 1 }, async () => {
    const path = await databaseFile();
    const store = await openStore({ path });
    seedBacklog(path, backlog);
    const reference = new Database(await databaseFile());
    reference.exec("pragma journal_mode = wal; pragma synchronous = full; create table t (a)");
    const turns = new Map<string, LongestTurn[]>();
    const measure = async <Result>(method: string, run: () => Promise<Result>): Promise<Result> => {
      const { result, ...turn } = await longestTurn(run);
      turns.set(method, [...(turns.get(method) ?? []), turn]);
      return result;
    };
    for (const [n, tenant] of many.entries()) {
      const secret = { id: `sec_${n}`, sealed: "x".repeat(150), createdAt: 0, expiresAt: null };
      await store.endpoints.insert({ endpoint: { ...endpointRow, id: `we_${n}`, tenant }, secret, limit: 1 });
    }
    // The first calls compile what they run, once in the life of a process.
    for (let round = -5; round < rounds; round += 1) {
      if (round === 0) turns.clear();
      await measure("(a bare commit)", async () => reference.exec("insert into t values (1)"));
      await callEverything(store, round + 5, measure);
    }

    reference.close();
    const table = [...turns].map(([method, of]) => ({ method, ...summary(of) }));
    console.table(table);
    expect(Math.max(...table.map(({ cpuP99 }) => cpuP99))).toBeLessThan(10);
    expect(Math.max(...table.map(({ wallP50 }) => wallP50))).toBeLessThan(10);
    // Where other processes fight for the processors and the disk, even a bare commit of one row takes its time, and the
    // wall clock says nothing about the store.
    const bareCommit = table.find(({ method }) => method === "(a bare commit)");
    if (bareCommit !== undefined && bareCommit.wallP99 < 2) {
      expect(Math.max(...table.map(({ wallP99 }) => wallP99))).toBeLessThan(10);
    }
  });
});

type Measure = <Result>(method: string, run: () => Promise<Result>) => Promise<Result>;

/** Calls every method of the port once, with the work of one round. */
async function callEverything(store: Store, round: number, measure: Measure): Promise<void> {
  const tenants = Array.from({ length: batch }, (_, n) => (round * 7 + n) % 500);
  const messages = tenants.map((tenant, n) => message(round * batch + n, { tenant }));
  await measure("messages.insert", () => store.messages.insert({ messages }));
  await measure("messages.awaitingFanOut", () =>
    store.messages.awaitingFanOut({ partitions: everywhere, limit: batch * 2 }),
  );
  const fanOuts = messages.map((one, n) => matched(one, n % 2 === 0));
  for (const half of [fanOuts.slice(0, batch / 2), fanOuts.slice(batch / 2)]) {
    await measure("deliveries.fanOut", () => store.deliveries.fanOut({ messages: half, leaseMs }));
  }
  const claims = await measure("deliveries.claim", () =>
    store.deliveries.claim({ partitions: everywhere, limit: batch, perEndpoint: 16, room: new Map(), leaseMs }),
  );
  expect(claims).toHaveLength(batch / 2);
  await measure("deliveries.settle", () => store.deliveries.settle({ settlements: claims.map(success) }));
  await measure("deliveries.nextDueInMs", () => store.deliveries.nextDueInMs({ partitions: everywhere }));
  await holdAndCancel(store, round, measure);
  await readLog(store, claims, measure);
  await writeEndpoints(store, round, measure);
  await measure("upkeep.identity", () => store.upkeep.identity());
  await measure("upkeep.heartbeat", () => store.upkeep.heartbeat({ dispatcherId: "d", ttlMs: 1_000 }));
  await measure("upkeep.retire", () => store.upkeep.retire({ dispatcherId: "d" }));
}

async function holdAndCancel(store: Store, round: number, measure: Measure): Promise<void> {
  const held = { partitions: [heldTenant % 64], endpointId: endpointId(heldTenant) };
  await measure("deliveries.hold", () => store.deliveries.hold({ ...held, holdMs: 3_600_000 + round }));
  await measure("deliveries.cancel", () => store.deliveries.cancel({ ...held, limit: 500 }));
}

async function readLog(store: Store, claims: readonly Claim[], measure: Measure): Promise<void> {
  const tenant = `tenant-${heldTenant}`;
  const of = { partitions: [heldTenant % 64], tenant };
  const endpoint = endpointId(heldTenant);
  await measure("log.message", () => store.log.message({ ...of, id: idOf("old_", 100_000) }));
  await measure("log.delivery", () => store.log.delivery({ ...of, id: deliveryInBacklog }));
  for (const status of [undefined, "pending", "succeeded", "failed"] as const) {
    await measure(`log.deliveries ${status ?? "of any status"}`, () =>
      store.log.deliveries({ ...of, endpointId: endpoint, limit: 100, status, after: idOf("dlv_old_", 10_000) }),
    );
  }
  const endpointIds = claims.map((claim) => claim.endpointId);
  await measure("log.health", () => store.log.health({ partitions: everywhere, endpointIds }));
  const [first] = claims;
  if (first === undefined) throw new Error("nothing was claimed");
  const settled = { partitions: [first.partition], tenant: first.tenant, id: first.deliveryId };
  await measure("log.redeliver", () => store.log.redeliver(settled));
  const again = await store.deliveries.claim({
    partitions: everywhere,
    limit: 1,
    perEndpoint: 1,
    room: new Map(),
    leaseMs,
  });
  await store.deliveries.settle({ settlements: again.map(success) });
}

async function writeEndpoints(store: Store, round: number, measure: Measure): Promise<void> {
  const tenant = `owner-${round % 3}`;
  const endpoint = { ...endpointRow, id: idOf("we_new_", round), tenant };
  const { id } = endpoint;
  const now = round;
  const secret = (name: string): StoredSecret => ({
    id: `${name}${round}`,
    sealed: `v1.k1.${"x".repeat(120)}`,
    createdAt: now,
    expiresAt: null,
  });
  const answer = (scope: string): StoredAnswer => ({ ...answerRow, tenant, scope, key: String(round) });
  const [made, rotated] = [answer("endpoints.create"), answer("endpoints.rotateSecret")];
  await measure("endpoints.insert", () =>
    store.endpoints.insert({ endpoint, secret: secret("a"), limit: 1_000, answer: made }),
  );
  await measure("secrets.keptAnswer", () => store.secrets.keptAnswer({ ...made, now }));
  await measure("endpoints.get", () => store.endpoints.get({ tenant, id }));
  await measure("endpoints.list", () => store.endpoints.list({ tenant, limit: 100 }));
  await measure("endpoints.update", () =>
    store.endpoints.update({ tenant, id, change: (row) => ({ ...row, description: "x", updatedAt: now }) }),
  );
  await measure("secrets.rotate", () =>
    store.secrets.rotate({
      tenant,
      id,
      secret: secret("b"),
      secretHint: "whsec_…0001",
      publicKey: null,
      expireCurrentAt: now + 1_000,
      limit: 10,
      now,
      answer: rotated,
    }),
  );
  await measure("endpoints.ofTenants", () => store.endpoints.ofTenants({ tenants: many }));
  await measure("endpoints.revisions", () => store.endpoints.revisions({ tenants: [tenant, "unknown"] }));
  await measure("secrets.keyIds", () => store.secrets.keyIds({ now: 1_000_000 }));
  const sealed = await measure("secrets.sealedWith", () => store.secrets.sealedWith({ keyId: "k1", limit: 50 }));
  const texts = sealed.map((text) => ({ ...text, resealed: `v1.k1.${"y".repeat(120)}${round}` }));
  await measure("secrets.reseal", () => store.secrets.reseal({ texts }));
  if (round % 2 === 0) await measure("endpoints.delete", () => store.endpoints.delete({ tenant, id }));
}

/** Younger than those of the backlog that have expired. */
const answerRow: Omit<StoredAnswer, "tenant" | "scope" | "key"> = {
  fingerprint: "…",
  sealed: "x".repeat(1_000),
  createdAt: 1_000_000,
  expiresAt: 2_000_000,
};

function summary(turns: readonly LongestTurn[]) {
  const wall = turns.map(({ wallMs }) => wallMs).toSorted((a, b) => a - b);
  const cpu = turns.map(({ cpuMs }) => cpuMs).toSorted((a, b) => a - b);
  return { wallP50: at(wall, 0.5), wallP99: at(wall, 0.99), cpuP50: at(cpu, 0.5), cpuP99: at(cpu, 0.99) };
}

/** The quantile, by nearest rank. */
function at(sorted: readonly number[], quantile: number): number {
  return Number((sorted[Math.ceil(sorted.length * quantile) - 1] ?? 0).toFixed(2));
}
