import { allPartitions } from "../../packages/core/src/partition.ts";
import { deliveryIdOf, newId } from "../../packages/core/src/id.ts";
import type { Claim, Settlement } from "../../packages/core/src/settlement.ts";
import type { Store } from "../../packages/core/src/store/index.ts";
import { partitions } from "./fill.ts";

export const claimSize = 128;
/** So few that a claim serves as many endpoints, however much waits for each. */
const perEndpoint = 2;
const leaseMs = 90_000;
const body = JSON.stringify({ type: "loan.active", data: { note: "x".repeat(980) } });

/**
 * One claim and what follows in life: every so many fail and are due again at once, by default every second, the others
 * succeed, and as many new messages come as have succeeded, so that as much waits as before. Returns how long the claim
 * took, in milliseconds.
 */
export async function takeTurn(
  store: Store,
  { retryEvery = 2 }: { readonly retryEvery?: number | null } = {},
): Promise<number> {
  const succeeds = (index: number): boolean => retryEvery === null || index % retryEvery !== 0;
  const start = performance.now();
  const claims = await store.deliveries.claim({
    partitions: allPartitions(partitions),
    limit: claimSize,
    perEndpoint,
    room: new Map(),
    leaseMs,
  });
  const elapsedMs = performance.now() - start;
  if (claims.length !== claimSize) throw new Error(`a claim of ${claimSize} got ${claims.length}`);
  const settlements = claims.map((claim, index) => settlementOf(claim, succeeds(index)));
  const { results } = await store.deliveries.settle({ settlements });
  if (results.some((result) => result !== "settled")) throw new Error("a settlement was refused");
  await replace(
    store,
    claims.filter((_, index) => succeeds(index)),
  );
  return elapsedMs;
}

function settlementOf(claim: Claim, succeeded: boolean): Settlement {
  const { partition, deliveryId, endpointId, lane, fence, attempts, scheduledAttempts } = claim;
  return {
    partition,
    deliveryId,
    endpointId,
    lane,
    fence,
    attempt: {
      number: attempts + 1,
      startedAt: Date.now(),
      durationMs: 12,
      statusCode: succeeded ? 200 : 503,
      errorClass: null,
      error: null,
      signature: "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
      responseBody: "ok",
    },
    next: succeeded ? { status: "succeeded" } : { status: "pending", delayMs: 0 },
    scheduledAttempts: (scheduledAttempts ?? 0) + 1,
    holdMs: null,
    health: succeeded ? "success" : "failure",
  };
}

/** New messages to the endpoints of these claims. */
async function replace(store: Store, claims: readonly Claim[]): Promise<void> {
  const messages = claims.map(({ partition, tenant, type, endpointId }) => ({
    endpointId,
    message: { id: newId("msg_"), partition, tenant, type, body, createdAt: Date.now() },
  }));
  await store.messages.insert({
    messages: messages.map(({ message }) => ({ ...message, idempotencyKey: null, payloadHash: null })),
  });
  await store.deliveries.fanOut({
    messages: messages.map(({ endpointId, message: { id, partition, tenant, type } }) => ({
      partition,
      messageId: id,
      tenant,
      type,
      deliveries: [{ id: deliveryIdOf(id, endpointId), endpointId, status: "pending", lease: false }],
    })),
    leaseMs,
  });
}
