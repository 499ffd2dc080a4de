import type { Breakers } from "./breakers.ts";
import type { Deliver, Delivered } from "./deliver.ts";
import { releaseOf } from "./deliver.ts";
import type { Directory } from "./directory.ts";
import { fanOut } from "./fan-out.ts";
import type { Settings } from "./settings.ts";
import type { Settler } from "./settler.ts";
import { createSlots } from "./slots.ts";
import type { DeliveryStore } from "./store/deliveries.ts";
import type { Claim, Settlement } from "./settlement.ts";
import type { MessageStore } from "./store/messages.ts";

/** What a dispatcher has done. */
export type Counts = {
  /** Messages fanned out. */
  messages: number;
  /** Attempts recorded. */
  attempts: number;
  succeeded: number;
  /** Deliveries that got a later due time. */
  retrying: number;
  failed: number;
};

/** Takes work from the store as far as there is room, and sees each claim through to its settlement. */
export type Pump = {
  /** Fans out and claims once, and says how much it took. */
  readonly fill: (partitions: readonly number[]) => Promise<number>;
  /** Claims that are not settled yet. */
  readonly unsettled: () => number;
  /** Gives claims back whose requests have not begun. */
  readonly release: () => void;
  readonly counts: Readonly<Counts>;
};

/** Messages read per fan-out; its writes are cut smaller, see `fan-out.ts`. */
const fanOutLimit = 256;
/** Even when there is little room: they may be for endpoints that have none, or for none at all. */
const fewestMessages = 16;
/**
 * While new messages keep coming, which are leased as they are fanned out, nothing more is looked for than every so often: with
 * 500 messages a second an empty claim took a fifth of the time of a `fill`.
 */
const claimRestMs = 100;

export function createPump(input: {
  readonly messages: Pick<MessageStore<never>, "awaitingFanOut">;
  readonly deliveries: DeliveryStore;
  readonly directory: Directory;
  readonly deliver: Deliver;
  readonly breakers: Breakers;
  readonly settler: Settler;
  readonly settings: Settings;
  /** Called when another `fill` could take more than the last, and when everything is settled. */
  readonly onChange: () => void;
}): Pump {
  const { messages, deliveries, directory, deliver, breakers, settler, settings, onChange } = input;
  const { concurrency, perEndpoint, perOrigin, leaseMs, clock, storeNow } = settings;
  const counts: Counts = { messages: 0, attempts: 0, succeeded: 0, retrying: 0, failed: 0 };
  let unsettled = 0;
  /** There was no room for the last `fill` to take anything, or more. */
  let full = false;
  /** When a claim found nothing, by a clock that never jumps. */
  let emptyAt = -Infinity;

  const slots = createSlots({
    concurrency,
    perEndpoint,
    perOrigin,
    breakers,
    monotonic: clock.monotonic,
    onEnd: (roomier) => {
      // Nobody is left to share the commit with.
      if (slots.open() === 0) settler.hurry();
      if (roomier) emptyAt = -Infinity;
      if ((full || roomier) && slots.room() >= Math.max(slots.worthwhile(), concurrency / 4)) onChange();
    },
  });

  const settle = async ({ settlement, onSettled }: Delivered): Promise<void> => {
    const { result, health } = await settler.settle(settlement);
    if (result === "settled") {
      count(counts, settlement);
      await onSettled(health);
    }
    unsettled -= 1;
    if (unsettled === 0) onChange();
  };

  /** Each endpoint as an origin of its own where nothing is known of it. */
  const originOf = ({ tenant, endpointId }: Claim): string =>
    directory.recall(tenant)?.byId.get(endpointId)?.origin ?? endpointId;

  const take = (claims: readonly Claim[], leasedUntil: number): void => {
    for (const claim of claims) {
      unsettled += 1;
      slots.add({
        endpointId: claim.endpointId,
        origin: originOf(claim),
        bytes: claim.body.length,
        run: async () => ({ settled: settle(await deliver(claim, leasedUntil)) }),
        release: (holdMs) => {
          // A hold does not hold the manual lane.
          const delayMs = claim.lane === "manual" ? (holdMs ?? 0) : 0;
          void settle({ settlement: { ...releaseOf(claim, delayMs), holdMs }, onSettled: () => undefined });
        },
      });
    }
  };

  const claim = async (partitions: readonly number[], now: number | undefined): Promise<number> => {
    // Half the room, so that what is due and what is new get on side by side.
    const limit = Math.ceil(slots.room() / 2);
    const takenAt = clock.monotonic();
    const claims = await deliveries.claim({
      partitions,
      limit,
      perEndpoint: slots.roomPerEndpoint(),
      room: slots.rooms(),
      leaseMs,
      now,
    });
    const tenants = new Set(claims.map(({ tenant }) => tenant));
    // What cannot be read now, `deliver` finds out for each claim by itself.
    await Promise.all([...tenants].map(async (tenant) => await directory.tenant(tenant))).catch(() => undefined);
    take(claims, takenAt + leaseMs);
    emptyAt = claims.length === 0 ? takenAt : -Infinity;
    return claims.length;
  };

  const takeNew = async (partitions: readonly number[], now: number | undefined): Promise<number> => {
    const takenAt = clock.monotonic();
    const taken = await fanOut({
      messages,
      deliveries,
      directory,
      partitions,
      // What has no room would have to be claimed again.
      limit: Math.min(fanOutLimit, Math.max(fewestMessages, slots.room())),
      room: slots.room,
      roomOf: slots.roomOf,
      leaseMs,
      now,
      onLeased: (claims) => take(claims, takenAt + leaseMs),
    });
    counts.messages += taken;
    return taken;
  };

  return {
    fill: async (partitions) => {
      full = slots.room() < slots.worthwhile();
      if (full) return 0;
      const now = storeNow();
      const rests = clock.monotonic() - emptyAt < claimRestMs;
      // Beside each other, and both to their end, since what they took is taken.
      const [claimed, fannedOut] = await Promise.allSettled([
        rests ? 0 : claim(partitions, now),
        takeNew(partitions, now),
      ]);
      let taken = valueOf(claimed) + valueOf(fannedOut);
      if (rests && taken === 0) taken = await claim(partitions, now);
      full = slots.room() < slots.worthwhile();
      return taken;
    },
    unsettled: () => unsettled,
    release: () => {
      slots.releaseWaiting();
      settler.hurry();
    },
    counts,
  };
}

function valueOf<Value>(result: PromiseSettledResult<Value>): Value {
  if (result.status === "rejected") throw result.reason;
  return result.value;
}

function count(counts: Counts, settlement: Settlement): void {
  if (settlement.attempt !== null) counts.attempts += 1;
  switch (settlement.next.status) {
    case "succeeded":
      counts.succeeded += 1;
      break;
    case "failed":
      counts.failed += 1;
      break;
    case "pending":
      counts.retrying += 1;
      break;
    case "released":
    case "cancelled":
      break;
  }
}
