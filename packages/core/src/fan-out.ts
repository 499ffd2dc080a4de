import type { Directory } from "./directory.ts";
import { deliveryIdOf } from "./id.ts";
import type { Message } from "./model.ts";
import type { DeliveryStore, FanOut } from "./store/deliveries.ts";
import type { Claim } from "./settlement.ts";
import type { MessageStore } from "./store/messages.ts";

/**
 * Turns waiting messages into one delivery per matching endpoint: `pending` for active endpoints, `skipped` for disabled
 * ones. Endpoints are matched as they are after the messages were read, so that an endpoint created before a message was
 * sent is never missed. Returns how many messages it took up.
 *
 * What others hold, as a transaction of the host that repeats an idempotency key, is passed over for now: it reads on behind
 * those until it has taken up as many as it may, or nothing is left. So what is held keeps nothing else from being sent, and
 * is no reason to look again at once.
 */
export async function fanOut(input: FanOutInput): Promise<number> {
  const { messages, partitions, limit } = input;
  const after = new Map<number, Pick<Message, "id" | "createdAt">>();
  for (let taken = 0; ;) {
    const waiting = await messages.awaitingFanOut({ partitions, limit, after });
    const takenNow = await fanOutThese(waiting, input);
    taken += takenNow;
    if (takenNow === waiting.length || taken >= limit) return taken;
    for (const { partition, id, createdAt } of waiting) after.set(partition, { id, createdAt });
  }
}

type FanOutInput = {
  readonly messages: Pick<MessageStore<never>, "awaitingFanOut">;
  readonly deliveries: DeliveryStore;
  readonly directory: Directory;
  readonly partitions: readonly number[];
  readonly limit: number;
  /** How many deliveries may be leased at once … */
  readonly room: () => number;
  /** … and how many of one endpoint. */
  readonly roomOf: (endpointId: string, origin: string) => number;
  readonly leaseMs: number;
  readonly now: number | undefined;
  /** Called with the claims that a store call has leased, before the next call, which may fail. */
  readonly onLeased: (claims: readonly Claim[]) => void;
};

async function fanOutThese(waiting: readonly Message[], input: FanOutInput): Promise<number> {
  const { deliveries, directory, leaseMs, now, onLeased } = input;
  if (waiting.length === 0) return 0;
  const tenants = await directory.read(waiting.map(({ tenant }) => tenant));
  const lease = leaseChooser(input);
  const claims = new Map<string, Claim>();
  const matched: FanOut[] = [];
  for (const message of waiting) {
    const matching = tenants.get(message.tenant)?.match(message.type) ?? [];
    const created = matching.map(({ endpoint, origin }) => {
      const id = deliveryIdOf(message.id, endpoint.id);
      if (endpoint.status === "disabled") {
        return { id, endpointId: endpoint.id, status: "skipped", lease: false } as const;
      }
      // What is paced goes through a claim, which keeps count.
      const leased = endpoint.rateLimit === null && lease(endpoint.id, origin);
      if (leased) claims.set(id, firstClaim(message, id, endpoint.id));
      return { id, endpointId: endpoint.id, status: "pending", lease: leased } as const;
    });
    const { partition, id, tenant, type } = message;
    matched.push({ partition, messageId: id, tenant, type, deliveries: created });
  }
  let takenUp = 0;
  for (const batch of batches(matched)) {
    const { taken, leased } = await deliveries.fanOut({ messages: batch, leaseMs, now });
    takenUp += taken;
    onLeased([...leased].flatMap((id) => claims.get(id) ?? []));
  }
  return takenUp;
}

/** So many deliveries go into one store call, which is one transaction, unless a single message has more. */
const deliveriesPerCall = 256;

function* batches(matched: readonly FanOut[]): Generator<readonly FanOut[]> {
  let batch: FanOut[] = [];
  let size = 0;
  for (const message of matched) {
    if (size > 0 && size + message.deliveries.length > deliveriesPerCall) {
      yield batch;
      batch = [];
      size = 0;
    }
    batch.push(message);
    size += message.deliveries.length;
  }
  if (batch.length > 0) yield batch;
}

function leaseChooser(input: Pick<FanOutInput, "room" | "roomOf">): (endpointId: string, origin: string) => boolean {
  let left = input.room();
  const leftOf = new Map<string, number>();
  return (endpointId, origin) => {
    const own = leftOf.get(endpointId) ?? input.roomOf(endpointId, origin);
    if (left <= 0 || own <= 0) return false;
    left -= 1;
    leftOf.set(endpointId, own - 1);
    return true;
  };
}

function firstClaim(message: Message, deliveryId: string, endpointId: string): Claim {
  const { id, ...rest } = message;
  return {
    partition: rest.partition,
    deliveryId,
    tenant: rest.tenant,
    messageId: id,
    endpointId,
    type: rest.type,
    body: rest.body,
    lane: "scheduled",
    fence: 1,
    attempts: 0,
    scheduledAttempts: 0,
    pace: null,
    lapsed: false,
  };
}
