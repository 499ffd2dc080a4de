import type { Attempt, Delivery, DeliveryStatus, EndpointHealth, Message } from "../model.ts";

/**
 * Reading what happened, and asking for it again.
 *
 * Every method but `health` names the tenant; an id of another tenant behaves as an unknown one. `partitions` are those where
 * the tenant's rows can lie. A list is in no particular order unless it says so.
 */
export type LogStore = {
  /** A message with its deliveries, or `null`. No deliveries means not fanned out yet, or no endpoint matched. */
  readonly message: (input: {
    readonly partitions: readonly number[];
    readonly tenant: string;
    readonly id: string;
  }) => Promise<{
    readonly message: Message;
    readonly fannedOut: boolean;
    readonly deliveries: readonly Delivery[];
  } | null>;

  /** A delivery with its attempts in order, or `null`. */
  readonly delivery: (input: {
    readonly partitions: readonly number[];
    readonly tenant: string;
    readonly id: string;
  }) => Promise<{ readonly delivery: Delivery; readonly attempts: readonly Attempt[] } | null>;

  /** A page of an endpoint's deliveries, newest first by id, after the id `after`; empty when there are no more. */
  readonly deliveries: (input: {
    readonly partitions: readonly number[];
    readonly tenant: string;
    readonly endpointId: string;
    readonly status?: DeliveryStatus | undefined;
    readonly limit: number;
    readonly after?: string | undefined;
  }) => Promise<readonly Delivery[]>;

  /** The health of these endpoints; those that never had an attempt are left out. */
  readonly health: (input: {
    readonly partitions: readonly number[];
    readonly endpointIds: readonly string[];
  }) => Promise<readonly EndpointHealth[]>;

  /**
   * Makes a delivery due now in the `manual` lane, or leaves it due as before when that is earlier. A pending one keeps its
   * schedule; any other gets one attempt (`scheduledAttempts` becomes `null`).
   * Atomic. Two concurrent callers: the second finds it so, and changes nothing more, `updatedAt` neither.
   * `"in_flight"` while a lease runs on it; one that has lapsed stays for the claim that records its lost attempt.
   * `"not_found"` when there is none.
   */
  readonly redeliver: (input: {
    readonly partitions: readonly number[];
    readonly tenant: string;
    readonly id: string;
    readonly now?: number | undefined;
  }) => Promise<"queued" | "in_flight" | "not_found">;
};
