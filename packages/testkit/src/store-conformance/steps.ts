import type {
  Attempt,
  Claim,
  Delivery,
  ErrorCode,
  Message,
  NewMessage,
  Settlement,
  SettleResult,
  Store,
  StoredAnswer,
  TenantEndpoints,
} from "@outhook/core";
import { deliveryIdOf, isOuthookError } from "@outhook/core";
import assert from "node:assert/strict";
import { endpointId, endpointRow, everywhere, home, messageId, messageRow, minute, secretRow, t0 } from "./rows.ts";

/** Adds endpoint `n` with its secret. */
export async function addEndpoint(
  store: Store,
  n: number,
  { tenant = "acme" }: { tenant?: string } = {},
): Promise<void> {
  const endpoint = endpointRow(n, { tenant });
  assert.equal(await store.endpoints.insert({ endpoint, secret: secretRow(n), limit: 100 }), "inserted");
}

/** What the store has of one tenant. */
export async function tenantOf(store: Store, tenant = "acme"): Promise<TenantEndpoints> {
  const found = (await store.endpoints.ofTenants({ tenants: [tenant] })).get(tenant);
  assert.ok(found, `endpoints.ofTenants answers for ${tenant}`);
  return found;
}

/** Makes secret `n` the current one of an endpoint, the first unless named. */
export function rotateTo(
  store: Store,
  n: number,
  options: {
    readonly expireCurrentAt: number | null;
    readonly endpoint?: number;
    readonly limit?: number;
    readonly at?: number;
    readonly answer?: StoredAnswer;
  },
): Promise<"rotated" | "not_found" | "too_many" | "answered"> {
  const { expireCurrentAt, endpoint = 1, limit = 10, at = t0, answer } = options;
  return store.secrets.rotate({
    tenant: "acme",
    id: endpointId(endpoint),
    secret: secretRow(n),
    secretHint: `whsec_…${n}`,
    publicKey: `whpk_${n}`,
    expireCurrentAt,
    limit,
    now: at,
    answer,
  });
}

/** Accepts message `n` and fans it out to these endpoints; the ids of the deliveries, in that order. */
export async function fanOutTo(
  store: Store,
  n: number,
  options: {
    readonly to: readonly number[];
    readonly at?: number;
    readonly partition?: number;
    readonly tenant?: string;
    readonly body?: string;
    readonly lease?: boolean;
  },
): Promise<readonly string[]> {
  const { to, at = t0, partition = home, tenant = "acme", body = messageRow(n).body, lease = false } = options;
  await store.messages.insert({ messages: [messageRow(n, { partition, tenant, body })] });
  const deliveries = to.map((endpoint) => ({
    id: deliveryId(n, endpoint),
    endpointId: endpointId(endpoint),
    status: "pending" as const,
    lease,
  }));
  const message = { partition, messageId: messageId(n), tenant, type: "loan.active", deliveries };
  await store.deliveries.fanOut({ messages: [message], leaseMs: minute, now: at });
  return deliveries.map(({ id }) => id);
}

/** The id of the delivery of message `n` to an endpoint. */
export function deliveryId(n: number, endpoint: number): string {
  return deliveryIdOf(messageId(n), endpointId(endpoint));
}

/** Claims with wide bounds unless a case narrows them. */
export function claimAll(
  store: Store,
  at: number,
  bounds: Partial<Omit<Parameters<Store["deliveries"]["claim"]>[0], "now">> = {},
): Promise<readonly Claim[]> {
  return store.deliveries.claim({
    partitions: everywhere,
    limit: 100,
    perEndpoint: 100,
    room: new Map(),
    leaseMs: minute,
    ...bounds,
    now: at,
  });
}

export async function claimedIds(...args: Parameters<typeof claimAll>): Promise<string[]> {
  return (await claimAll(...args)).map((claim) => claim.deliveryId);
}

/** A settlement of a claim without attempt, hold or health, unless named. */
export function settlementOf(claim: Claim, parts: Pick<Settlement, "next"> & Partial<Settlement>): Settlement {
  const { partition, deliveryId: id, endpointId: endpoint, lane, fence, scheduledAttempts } = claim;
  const base = { partition, deliveryId: id, endpointId: endpoint, lane, fence, scheduledAttempts };
  return { ...base, attempt: null, holdMs: null, health: null, ...parts };
}

export async function settleOne(store: Store, at: number, settlement: Settlement): Promise<SettleResult> {
  const { results } = await store.deliveries.settle({ settlements: [settlement], now: at });
  return only(results);
}

/** The claim that a lease taken at fan-out stands for. */
export function fanOutClaim(n: number, endpoint: number): Claim {
  const { id, partition, tenant, type, body } = messageRow(n);
  return {
    partition,
    deliveryId: deliveryId(n, endpoint),
    tenant,
    messageId: id,
    endpointId: endpointId(endpoint),
    type,
    body,
    lane: "scheduled",
    fence: 1,
    attempts: 0,
    scheduledAttempts: 0,
    pace: null,
    lapsed: false,
  };
}

/** An attempt that got this HTTP status. */
export function attemptOf(number: number, statusCode: number): Omit<Attempt, "deliveryId"> {
  return {
    number,
    startedAt: t0 + number,
    durationMs: 40 + number,
    statusCode,
    errorClass: null,
    error: null,
    signature: `v1,signature${number}`,
    responseBody: `response ${number}`,
  };
}

/** Claims the one delivery that is due and settles it with an attempt. */
export async function attemptDue(
  store: Store,
  at: number,
  parts: Pick<Settlement, "next"> & Partial<Settlement> & { readonly statusCode?: number },
): Promise<Claim> {
  const { statusCode = parts.next.status === "succeeded" ? 200 : 503, ...rest } = parts;
  const claim = only(await claimAll(store, at));
  const charged = claim.scheduledAttempts === null ? null : claim.scheduledAttempts + 1;
  const attempt = attemptOf(claim.attempts + 1, statusCode);
  const settlement = settlementOf(claim, { attempt, scheduledAttempts: charged, ...rest });
  assert.equal(await settleOne(store, at, settlement), "settled");
  return claim;
}

export function redeliver(store: Store, id: string, at: number): Promise<"queued" | "in_flight" | "not_found"> {
  return store.log.redeliver({ partitions: everywhere, tenant: "acme", id, now: at });
}

export async function readDelivery(
  store: Store,
  id: string,
): Promise<{ readonly delivery: Delivery; readonly attempts: readonly Attempt[] }> {
  const found = await store.log.delivery({ partitions: everywhere, tenant: "acme", id });
  assert.ok(found, `log.delivery finds ${id}`);
  return found;
}

/** What is left of a message as `insert` takes it. */
export function storedMessage({ idempotencyKey: _key, payloadHash: _hash, ...message }: NewMessage): Message {
  return message;
}

export function awaiting(store: Store, limit = 100): Promise<readonly Message[]> {
  return store.messages.awaitingFanOut({ partitions: everywhere, limit });
}

/** The one element of a list. */
export function only<T>(values: readonly T[]): T {
  const [first] = values;
  assert.equal(values.length, 1, `expected one element, got ${values.length}`);
  assert.ok(first !== undefined);
  return first;
}

/** What came of calls at once, whoever won: in the order of the results' text. */
export async function race<T extends string | boolean>(...calls: readonly Promise<T>[]): Promise<readonly T[]> {
  return (await Promise.all(calls)).toSorted((a, b) => (String(a) < String(b) ? -1 : 1));
}

/** Checks that the call is refused with this code. */
export async function refused(code: ErrorCode, call: () => Promise<unknown>): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.equal(isOuthookError(error) ? error.code : `no OuthookError but ${String(error)}`, code);
    return true;
  });
}
