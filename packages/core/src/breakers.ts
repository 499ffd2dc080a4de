import type { Breaker, BreakerBounds, Ended } from "./breaker.ts";
import { breakerAfter } from "./breaker.ts";

/** The breakers of the endpoints to which a dispatcher has made requests. */
export type Breakers = {
  /** `undefined` for an endpoint to which no request has ended yet. */
  readonly of: (endpointId: string) => Breaker | undefined;
  /** Notes that a request has ended. Returns for how long the endpoint is to be held back for it, `null` for not at all. */
  readonly note: (endpointId: string, ended: Ended) => number | null;
  /**
   * The endpoints whose breaker is open and whose hold came to an end within the last minute. The others cannot be claimed, as
   * the store holds them, or have had nothing to claim; there may be ten thousands of them.
   */
  readonly due: (now: number) => readonly string[];
};

const claimedWithinMs = 60_000;

/** @param input.most Endpoints kept in memory, about 200 bytes each; that of the oldest request goes first. Default 20,000. */
export function createBreakers(input: BreakerBounds & { readonly most?: number | undefined }): Breakers {
  const { most = 20_000, ...bounds } = input;
  const breakers = new Map<string, Breaker>();
  const open = new Map<string, Breaker>();

  const forgetOldest = (): void => {
    for (const endpointId of breakers.keys()) {
      if (breakers.size <= most) break;
      breakers.delete(endpointId);
      open.delete(endpointId);
    }
  };

  return {
    of: (endpointId) => breakers.get(endpointId),
    note: (endpointId, ended) => {
      const { breaker, holdMs } = breakerAfter(breakers.get(endpointId), ended, bounds);
      breakers.delete(endpointId);
      breakers.set(endpointId, breaker);
      if (breaker.holdMs > 0) open.set(endpointId, breaker);
      else open.delete(endpointId);
      forgetOldest();
      return holdMs;
    },
    due: (now) => {
      const due: string[] = [];
      for (const [endpointId, { heldAt, holdMs }] of open) {
        const sinceMs = now - heldAt - holdMs;
        if (sinceMs >= 0 && sinceMs < claimedWithinMs) due.push(endpointId);
      }
      return due;
    },
  };
}
