/**
 * How an endpoint has fared lately: `new` before a request to it has ended, `slow` with one that takes or took long, or with
 * an open breaker, `quick` otherwise.
 */
export type Speed = "new" | "slow" | "quick";

/** How many requests are open to endpoints of each kind, and to each origin. */
export type Shares = {
  /** One more request is open, or one less. */
  readonly count: (speed: Speed, origin: string, change: 1 | -1) => void;
  /** So many open requests are of another kind now. */
  readonly move: (from: Speed, to: Speed, requests: number) => void;
  /** How many requests may be open to an endpoint that may have so many by itself. */
  readonly limit: (speed: Speed, most: number) => number;
  /** True when the share of the kind, or of the origin, is taken. */
  readonly isTaken: (speed: Speed, origin: string | null) => boolean;
};

/**
 * The shares of a dispatcher's requests. Endpoints that hang hold a slot for as long as their timeout, so however many they
 * are, they must leave some to the others: slow ones get half of all, slow and new ones together three quarters, since of a
 * new one nobody knows yet. Quick ones may have all. Once slow and new ones have a quarter, a new one gets a single request,
 * so that many can be tried at once.
 */
export function createShares(input: { readonly concurrency: number; readonly perOrigin: number }): Shares {
  const { concurrency, perOrigin } = input;
  const crowd = Math.ceil(concurrency / 4);
  const slowShare = Math.ceil(concurrency / 2);
  const unprovenShare = Math.ceil((concurrency * 3) / 4);
  const open = { new: 0, slow: 0, quick: 0 };
  const ofOrigin = new Map<string, number>();

  return {
    count: (speed, origin, change) => {
      open[speed] += change;
      const requests = (ofOrigin.get(origin) ?? 0) + change;
      if (requests === 0) ofOrigin.delete(origin);
      else ofOrigin.set(origin, requests);
    },
    move: (from, to, requests) => {
      open[from] -= requests;
      open[to] += requests;
    },
    limit: (speed, most) => (speed === "new" && open.new + open.slow >= crowd ? 1 : most),
    isTaken: (speed, origin) => {
      if (origin !== null && (ofOrigin.get(origin) ?? 0) >= perOrigin) return true;
      if (speed === "quick") return false;
      return open.new + open.slow >= unprovenShare || (speed === "slow" && open.slow >= slowShare);
    },
  };
}
