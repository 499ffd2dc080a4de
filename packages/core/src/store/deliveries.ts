import type { EndpointHealth } from "../model.ts";
import type { Claim, Settlement, SettleResult } from "../settlement.ts";

/** A message with the deliveries that matching found for it. */
export type FanOut = {
  readonly partition: number;
  readonly messageId: string;
  readonly tenant: string;
  readonly type: string;
  readonly deliveries: readonly {
    readonly id: string;
    readonly endpointId: string;
    readonly status: "pending" | "skipped";
    /** Ask for the first lease in the same step. */
    readonly lease: boolean;
  }[];
};

/**
 * The queue.
 *
 * It has two levels: one queue row per partition, endpoint and lane, and the deliveries under it. A claim takes
 * endpoints in turn, then a few due deliveries of each, so that a hold or a backlog costs one row. Whether a row is ready
 * follows from its due time and its hold alone. When it was last served only orders the turns and must not be part of that, so
 * that a clock that steps back delays nobody. Callers keep batches and limits small enough for one transaction.
 *
 * `now` is epoch milliseconds; absent means the store's own clock.
 */
export type DeliveryStore = {
  /**
   * Creates the deliveries of messages that still wait for fan-out, and marks those messages.
   * Deliveries asked to be leased get fence 1 and a lease of `leaseMs`, unless their endpoint is held or paced.
   * Atomic: each message with its deliveries. Two concurrent callers with one message: one creates, the other finds
   * nothing to do. An open transaction of the host that repeats a message's key may lock its row: the message is not waited for
   * then, and goes on waiting for fan-out.
   * Returns how many messages it took up, matched or not, how many deliveries it created, skipped ones too, and the ids of those
   * it leased. Nothing for a message that is unknown or was fanned out before.
   */
  readonly fanOut: (input: {
    readonly messages: readonly FanOut[];
    readonly leaseMs: number;
    readonly now?: number | undefined;
  }) => Promise<{
    readonly taken: number;
    readonly created: number;
    readonly leased: ReadonlySet<string>;
  }>;

  /**
   * Leases due deliveries: endpoints in turn, at most `perEndpoint` of each, or `room` where it names the endpoint, over its
   * lanes and these partitions together. Rows come in order of when they got ready or were last served, whichever is later; one
   * that gives nothing keeps its turn. Within a row what is due first comes first.
   * A lease is the due time pushed to `leaseMs` from now and a fence that counts up. A delivery found with a lapsed
   * lease has a `lost` attempt recorded in the same step, charged to its schedule: from when the lease was taken until now, with
   * {@link lostError} and no signature. Of a paced row it takes at most its `pace`, and then holds the row for as long as that
   * many take: `taken × 1,000 / pace` ms from now, rounded up.
   * Atomic: each delivery. Two concurrent callers: no delivery goes to both. Empty when nothing is due; fewer than
   * `limit` says nothing about what is left, since stores bound the bytes of one call.
   */
  readonly claim: (input: {
    readonly partitions: readonly number[];
    readonly limit: number;
    readonly perEndpoint: number;
    /** Endpoint id → how many to take of it; 0 leaves it out and keeps its turn. */
    readonly room: ReadonlyMap<string, number>;
    readonly leaseMs: number;
    readonly now?: number | undefined;
  }) => Promise<readonly Claim[]>;

  /**
   * Records attempts and what follows from them, with the endpoints' health.
   * Atomic: the batch. A settlement happens if its delivery is found in that partition and is pending, a lease stands on it,
   * lapsed or not, and the fence is the same; else it alone is refused and writes nothing, and the others happen. Two concurrent
   * callers with one claim: one settles it.
   * Returns a result for each, in order, and the health, as it is after the batch, of each endpoint that it counted failures for.
   */
  readonly settle: (input: {
    readonly settlements: readonly Settlement[];
    readonly now?: number | undefined;
  }) => Promise<{ readonly results: readonly SettleResult[]; readonly health: readonly EndpointHealth[] }>;

  /**
   * Holds back the endpoint's `scheduled` lane for `holdMs` from now, or longer if it is already; 0 ends any hold. Costs one
   * row a partition, however much waits, which is made when there is none: what comes later is held too. Atomic: each partition.
   * Holds are always finite: a process that dies between two writes leaves nothing held for ever.
   */
  readonly hold: (input: {
    readonly partitions: readonly number[];
    readonly endpointId: string;
    readonly holdMs: number;
    readonly now?: number | undefined;
  }) => Promise<void>;

  /**
   * Lets the endpoint's `scheduled` lane give at most `perSecond` deliveries a second in each of the partitions, from the next
   * claim on; `null` for any number. Whatever the number of dispatchers, since the queue row keeps count. The `manual` lane is
   * not paced: a person asked. It holds over time; within one second there may be up to twice as many, as a claim that took less
   * than all of a second's share may be followed by one that takes all. Atomic: each partition. Of two concurrent callers the later wins. Costs one row a partition,
   * which is made when there is none.
   */
  readonly pace: (input: {
    readonly partitions: readonly number[];
    readonly endpointId: string;
    readonly perSecond: number | null;
  }) => Promise<void>;

  /**
   * Sets the endpoint's counters of failures back, as a success would: it is about to be enabled again. When it last fared how
   * stays. An endpoint has one health; `partitions` only say where it may lie. Nothing without health.
   */
  readonly forgetFailures: (input: {
    readonly partitions: readonly number[];
    readonly endpointId: string;
  }) => Promise<void>;

  /**
   * Cancels up to `limit` pending deliveries of an endpoint; their leases are lost.
   * Atomic: each delivery. Two concurrent callers: each delivery counts for one. Unlike a claim it may not stop before `limit`,
   * which callers keep small.
   * Returns how many; less than `limit` means that none are left.
   */
  readonly cancel: (input: {
    readonly partitions: readonly number[];
    readonly endpointId: string;
    readonly limit: number;
    readonly now?: number | undefined;
  }) => Promise<number>;

  /**
   * Milliseconds until the next claim could find something: 0 when now, `null` exactly when nothing is pending.
   * May be early, never late; but above 0 after a claim that found nothing.
   */
  readonly nextDueInMs: (input: {
    readonly partitions: readonly number[];
    readonly now?: number | undefined;
  }) => Promise<number | null>;
};
