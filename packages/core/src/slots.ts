/**
 * Something that occupies one slot of its endpoint until its request has ended, which is when `run` resolves, and one slot
 * of all until that is also written down. Neither promise may reject.
 */
export type SlotWork = {
  readonly endpointId: string;
  /** About what it holds in memory. */
  readonly bytes: number;
  readonly run: () => Promise<{ readonly settled: Promise<void> }>;
  /** Called instead of `run` when it is given back. */
  readonly release: () => void;
};

/**
 * The bounds on what is in flight: so many requests per endpoint, and so many in all, counted until they are written down,
 * since that is how many a dispatcher that dies can cause to be made again.
 *
 * Some work above the bounds waits here, so that the next request starts the moment one ends, and a claim takes enough at
 * once to be worth its commit. What waits for one endpoint takes nothing away from the others. What may still be taken is
 * the room.
 */
export type Slots = {
  readonly add: (work: SlotWork) => void;
  /** How much may be added of an endpoint that has nothing here. */
  readonly roomPerEndpoint: number;
  /** How much more may be added in all. */
  readonly room: () => number;
  /** How much more may be added of one endpoint: none until half of its room is free. */
  readonly roomOf: (endpointId: string) => number;
  /** The endpoints with less than the full room. */
  readonly occupied: () => ReadonlyMap<string, number>;
  /** Requests that are open. */
  readonly open: () => number;
  /** True when some endpoint has no room left. */
  readonly anyFull: () => boolean;
  /** Gives back what waits. */
  readonly releaseWaiting: () => void;
};

type Lane = { running: number; readonly waiting: SlotWork[] };

/** How much may wait for each request that may be open. */
const waitingPerRunning = 1;
/** Bodies held at once, beyond which there is no room: with bodies of 1 MiB, 32 in flight instead of hundreds. */
const maxBytes = 32 * 1024 * 1024;

export function createSlots(input: {
  readonly concurrency: number;
  readonly perEndpoint: number;
  /** Called when a request of an endpoint has ended, and when it is written down. */
  readonly onEnd: (endpointId: string) => void;
}): Slots {
  const { concurrency, perEndpoint, onEnd } = input;
  const roomPerEndpoint = perEndpoint * (1 + waitingPerRunning);
  const lanes = new Map<string, Lane>();
  let open = 0;
  let inFlight = 0;
  let waiting = 0;
  let bytes = 0;

  const laneOf = (endpointId: string): Lane => {
    const found = lanes.get(endpointId);
    if (found !== undefined) return found;
    const lane: Lane = { running: 0, waiting: [] };
    lanes.set(endpointId, lane);
    return lane;
  };

  const run = async (lane: Lane, { endpointId, bytes: size, run: request }: SlotWork): Promise<void> => {
    const { settled } = await request();
    lane.running -= 1;
    open -= 1;
    if (lane.running === 0 && lane.waiting.length === 0) lanes.delete(endpointId);
    startNext();
    onEnd(endpointId);
    await settled;
    inFlight -= 1;
    bytes -= size;
    startNext();
    onEnd(endpointId);
  };

  const startNextOf = (lane: Lane): boolean => {
    if (inFlight >= concurrency || lane.running >= perEndpoint) return false;
    const next = lane.waiting.shift();
    if (next === undefined) return false;
    waiting -= 1;
    lane.running += 1;
    open += 1;
    inFlight += 1;
    void run(lane, next);
    return true;
  };

  /** In turn over endpoints: the one that just got a slot goes to the back. */
  const startNext = (): void => {
    if (waiting === 0) return;
    for (const [endpointId, lane] of lanes) {
      if (!startNextOf(lane)) continue;
      lanes.delete(endpointId);
      lanes.set(endpointId, lane);
      return;
    }
  };

  /** None until half is free: a claim of one costs its commit as much as a claim of sixteen. */
  const roomIn = (lane: Lane): number => {
    const free = roomPerEndpoint - lane.running - lane.waiting.length;
    return free * 2 < roomPerEndpoint ? 0 : free;
  };

  return {
    add: (work) => {
      const lane = laneOf(work.endpointId);
      lane.waiting.push(work);
      waiting += 1;
      bytes += work.bytes;
      startNextOf(lane);
    },
    roomPerEndpoint,
    room: () => (bytes >= maxBytes ? 0 : concurrency - inFlight + Math.max(0, concurrency - waiting)),
    roomOf: (endpointId) => {
      const lane = lanes.get(endpointId);
      return lane === undefined ? roomPerEndpoint : roomIn(lane);
    },
    occupied: () => new Map([...lanes].map(([endpointId, lane]) => [endpointId, roomIn(lane)])),
    open: () => open,
    anyFull: () => [...lanes.values()].some((lane) => roomIn(lane) === 0),
    releaseWaiting: () => {
      for (const lane of lanes.values()) {
        const released = lane.waiting.splice(0);
        waiting -= released.length;
        for (const work of released) {
          bytes -= work.bytes;
          work.release();
        }
      }
    },
  };
}
