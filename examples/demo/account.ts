import type { Attempt, Delivery } from "@outhook/core";
import type { EventType } from "./payloads.ts";
import type { Plan } from "./plan.ts";
import type { ReceivedRequest } from "./receiver.ts";

/** A message as it was sent, with its body as the log has it. */
export type SentMessage = {
  readonly id: string;
  readonly type: EventType;
  readonly body: string;
  /** When `send` was called and when it resolved, in milliseconds since the process started. */
  readonly calledMs: number;
  readonly acceptedMs: number;
  /** Whether it was sent after the secret had been rotated. */
  readonly afterRotation: boolean;
};

/** A delivery with its attempts, as the log has them. */
export type LoggedDelivery = { readonly delivery: Delivery; readonly attempts: readonly Attempt[] };

/** An endpoint as planned, as the log has it, and as its receiver saw it. */
export type EndpointAccount = {
  readonly plan: Plan;
  readonly deliveries: readonly LoggedDelivery[];
  readonly requests: readonly ReceivedRequest[];
};

/** Everything that happened. */
export type Account = {
  readonly messages: readonly SentMessage[];
  readonly endpoints: readonly EndpointAccount[];
  /** From the first send until nothing was pending. */
  readonly deliveringMs: number;
};

/** An account in numbers. */
export type Counts = {
  readonly deliveries: number;
  readonly succeeded: number;
  /** Attempts beyond the first of each delivery. */
  readonly retried: number;
  /** Requests whose signature the receiver verified. */
  readonly verified: number;
  /** Requests that it refused. */
  readonly rejected: number;
};

/** Counts what the log and the receivers of these endpoints have. */
export function countsOf(endpoints: readonly Pick<EndpointAccount, "deliveries" | "requests">[]): Counts {
  const deliveries = endpoints.flatMap((endpoint) => endpoint.deliveries);
  const requests = endpoints.flatMap((endpoint) => endpoint.requests);
  const verified = requests.filter(({ verifiedBy }) => verifiedBy > 0).length;
  return {
    deliveries: deliveries.length,
    succeeded: deliveries.filter(({ delivery }) => delivery.status === "succeeded").length,
    retried: deliveries.reduce((sum, { attempts }) => sum + Math.max(0, attempts.length - 1), 0),
    verified,
    rejected: requests.length - verified,
  };
}
