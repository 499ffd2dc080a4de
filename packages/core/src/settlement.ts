import type { Attempt, Lane } from "./model.ts";

/** A delivery under lease. Whoever holds the highest fence may settle it. */
export type Claim = {
  readonly partition: number;
  readonly deliveryId: string;
  readonly tenant: string;
  readonly messageId: string;
  readonly endpointId: string;
  readonly type: string;
  readonly body: string;
  readonly lane: Lane;
  readonly fence: number;
  /** Attempts made before this one, lost ones included. */
  readonly attempts: number;
  /** How many of them are charged to the schedule; `null` when there is no schedule (a redelivery of a finished one). */
  readonly scheduledAttempts: number | null;
  /** How many deliveries a second the queue row gives, see `DeliveryStore.pace`; `null` for any number, and in the manual lane. */
  readonly pace: number | null;
  /** The lease before this one ran out unsettled; its `lost` attempt is among `attempts`. */
  readonly lapsed: boolean;
};

/** What follows from one claim. */
export type Settlement = {
  readonly partition: number;
  readonly deliveryId: string;
  readonly endpointId: string;
  /** Where the delivery was when it was claimed: a hint for finding its queue row, whose own lane counts. It may have moved since. */
  readonly lane: Lane;
  readonly fence: number;
  /** The attempt that was made; `null` when none was (released, cancelled, given up). */
  readonly attempt: Omit<Attempt, "deliveryId"> | null;
  /**
   * `released` gives the claim back as if it had not been taken, in the lane where it was.
   * `pending` schedules a retry. Both count `delayMs` from the moment of settling.
   */
  readonly next:
    | { readonly status: "succeeded" | "failed" | "cancelled" }
    | { readonly status: "pending" | "released"; readonly delayMs: number };
  readonly scheduledAttempts: number | null;
  /**
   * Hold back the endpoint's `scheduled` lane in this partition for so many whole milliseconds; `null` or 0 for no hold. A shorter hold
   * never shortens a longer one.
   */
  readonly holdMs: number | null;
  /** How it counts for the endpoint's health; `exhausted` is a failure that ended its schedule. */
  readonly health: "success" | "failure" | "exhausted" | null;
};

/** `"lease_lost"`: somebody else has claimed the delivery since, or it is finished; nothing was written for it. */
export type SettleResult = "settled" | "lease_lost";
