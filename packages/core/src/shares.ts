/**
 * How an endpoint has fared lately: `new` before a request to it has ended; `hanging` if the last took very long; `slow` if
 * that, or one that is open, takes long, or with an open breaker; `quick` otherwise.
 */
export type Speed = "hanging" | "new" | "slow" | "quick";

/** How many requests are open to endpoints of each kind, in all and at each origin. */
export type Shares = {
  /** One more request is open, or one less. */
  readonly count: (speed: Speed, origin: string, change: 1 | -1) => void;
  /** So many open requests of an origin are of another kind now. */
  readonly move: (from: Speed, to: Speed, origin: string, requests: number) => void;
  /** How many requests may be open to an endpoint that may have so many by itself. */
  readonly limit: (speed: Speed, most: number) => number;
  /** True while nearly all that is open is to quick endpoints, so that most of what comes next will be too. */
  readonly areQuick: () => boolean;
  /** True when the share of the kind, or of the origin, is taken. */
  readonly isTaken: (speed: Speed, origin: string | null) => boolean;
};

type Open = Record<Speed, number>;

/**
 * The shares of a dispatcher's requests, and of those to one origin, where endpoints of many tenants can live. Endpoints that
 * hang hold a slot for as long as their timeout, so however many they are, they must leave some to the others: they get half;
 * together with new ones, of which nobody knows yet, five eighths, and as much together with slow ones; all three get three
 * quarters. Quick ones may have all. Once all but those have a quarter, a new one gets a single request, so that many can be
 * tried at once.
 */
export function createShares(input: { readonly concurrency: number; readonly perOrigin: number }): Shares {
  const { concurrency, perOrigin } = input;
  const crowd = Math.ceil(concurrency / 4);
  const all = nothingOpen();
  const ofOrigin = new Map<string, Open>();

  const change = (speed: Speed, origin: string, requests: number): void => {
    const there = ofOrigin.get(origin) ?? nothingOpen();
    there[speed] += requests;
    all[speed] += requests;
    if (totalOf(there) === 0) ofOrigin.delete(origin);
    else ofOrigin.set(origin, there);
  };

  return {
    count: change,
    move: (from, to, origin, requests) => {
      change(to, origin, requests);
      change(from, origin, -requests);
    },
    limit: (speed, most) => (speed === "new" && totalOf(all) - all.quick >= crowd ? 1 : most),
    areQuick: () => all.quick > 0 && totalOf(all) - all.quick <= crowd,
    isTaken: (speed, origin) => {
      const there = origin === null ? undefined : ofOrigin.get(origin);
      if (there !== undefined && (totalOf(there) >= perOrigin || isShareTaken(speed, there, perOrigin))) return true;
      return isShareTaken(speed, all, concurrency);
    },
  };
}

function isShareTaken(speed: Speed, open: Open, most: number): boolean {
  if (speed === "quick") return false;
  const withNew = open.hanging + open.new;
  const withSlow = open.hanging + open.slow;
  if (withNew + open.slow >= Math.ceil((most * 3) / 4)) return true;
  const bound = Math.ceil((most * 5) / 8);
  if (speed === "new") return withNew >= bound;
  if (speed === "slow") return withSlow >= bound;
  return open.hanging >= Math.ceil(most / 2) || withNew >= bound || withSlow >= bound;
}

function nothingOpen(): Open {
  return { hanging: 0, new: 0, slow: 0, quick: 0 };
}

function totalOf(open: Open): number {
  return open.hanging + open.new + open.slow + open.quick;
}
