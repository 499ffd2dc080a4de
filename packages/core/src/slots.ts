import { firstLimit, hangingMs, slowMs } from "./breaker.ts";
import type { Breakers } from "./breakers.ts";
import type { Speed } from "./shares.ts";
import { createShares } from "./shares.ts";

/**
 * Something that occupies one slot of its endpoint and of all until its request has ended, which is when `run` resolves, and
 * counts as in flight until that is also written down. Neither promise may reject.
 */
export type SlotWork = {
  readonly endpointId: string;
  /** Where its request goes. */
  readonly origin: string;
  /** About what it holds in memory. */
  readonly bytes: number;
  readonly run: () => Promise<{ readonly settled: Promise<void> }>;
  /** Called instead of `run` when it is given back; `holdMs` is for how long its endpoint is better left alone. */
  readonly release: (holdMs: number | null) => void;
};

/**
 * The bounds on what is in flight: so many requests per endpoint and per origin, and so many in all. Requests that have ended
 * and are not written down yet are bounded too, since those and the open ones are what a dispatcher that dies can cause to be
 * made again.
 *
 * Some work above the bounds waits here, so that the next request starts the moment one ends, and a claim takes enough at
 * once to be worth its commit. What waits for one endpoint or origin takes nothing away from the others. What may still be
 * taken is the room.
 */
export type Slots = {
  readonly add: (work: SlotWork) => void;
  /** How much may be added at first of an endpoint that {@link Slots.rooms} does not name. */
  readonly roomPerEndpoint: () => number;
  /** How much more may be added in all. */
  readonly room: () => number;
  /** The room from which on it is worth to look for something: more while every slot is taken, and nothing rests for it. */
  readonly worthwhile: () => number;
  /** How much more may be added of one endpoint: none until half of its room is free, or while the share of its kind is taken. */
  readonly roomOf: (endpointId: string, origin: string) => number;
  /** The room of the endpoints that have something here, or are to be spared and may be claimed of. */
  readonly rooms: () => ReadonlyMap<string, number>;
  /** Requests that are open. */
  readonly open: () => number;
  /** Gives back what waits. */
  readonly releaseWaiting: () => void;
};

type Lane = {
  readonly endpointId: string;
  readonly origin: string;
  speed: Speed;
  running: number;
  /** Those running, and those that are not written down yet. */
  inFlight: number;
  /** Of those running, how many are open for longer than a quick request. */
  late: number;
  readonly waiting: SlotWork[];
};

type Occupied = Pick<Lane, "endpointId" | "running" | "inFlight" | "waiting">;

/** How much may wait for each request that may be open. */
const waitingPerRunning = 1;
/**
 * So much more may wait for quick endpoints, and at most, so that no request waits for a look into the store, which takes as long
 * as several.
 */
const quickPerRunning = 4;
const mostQuick = 256;
/** Requests that have ended and are not written down yet, for each that may be open, and at most. */
const unwrittenPerOpen = 4;
const mostUnwritten = 256;
/** Bodies held at once, beyond which there is no room: with bodies of 1 MiB, 32 in flight instead of hundreds. */
const maxBytes = 32 * 1024 * 1024;
/**
 * How long the endpoint of something that found no place even to wait is left alone: as long as the oldest open request has
 * taken so far. A dispatcher that has just started learns within moments which endpoints are quick.
 */
const crowdedHold = { atLeastMs: 50, atMostMs: 1_000 };

export function createSlots(input: {
  readonly concurrency: number;
  readonly perEndpoint: number;
  readonly perOrigin: number;
  readonly breakers: Pick<Breakers, "of" | "due">;
  readonly monotonic: () => number;
  /** Called when a request has ended, and when it is written down; `roomier` when its endpoint had no room and has some now. */
  readonly onEnd: (roomier: boolean) => void;
}): Slots {
  const { concurrency, perEndpoint, perOrigin, breakers, monotonic, onEnd } = input;
  const firstRoom = Math.min(firstLimit, perEndpoint) * (1 + waitingPerRunning);
  const mostInFlight = concurrency + Math.min(concurrency * unwrittenPerOpen, mostUnwritten);
  const quickBound = Math.min(concurrency * quickPerRunning, mostQuick);
  const shares = createShares({ concurrency, perOrigin });
  const lanes = new Map<string, Lane>();
  /** Those in which something waits, the one served last at the end. */
  const queued = new Set<Lane>();
  /** Requests that may still turn out quick, oldest first, with when they began. */
  const young = new Map<object, { readonly lane: Lane; readonly startedAt: number }>();
  let open = 0;
  let inFlight = 0;
  let waiting = 0;
  let waitingQuick = 0;
  let bytes = 0;

  const speedOf = (endpointId: string): Speed => {
    const breaker = breakers.of(endpointId);
    if (breaker === undefined) return "new";
    if (breaker.tookMs > hangingMs) return "hanging";
    const isLate = (lanes.get(endpointId)?.late ?? 0) > 0;
    return isLate || breaker.tookMs > slowMs || breaker.holdMs > 0 ? "slow" : "quick";
  };

  const laneOf = ({ endpointId, origin }: SlotWork): Lane => {
    const found = lanes.get(endpointId);
    if (found !== undefined) return found;
    const lane: Lane = {
      endpointId,
      origin,
      speed: speedOf(endpointId),
      running: 0,
      inFlight: 0,
      late: 0,
      waiting: [],
    };
    lanes.set(endpointId, lane);
    return lane;
  };

  const countWaiting = ({ speed }: Lane, change: number): void => {
    waiting += change;
    if (speed === "quick") waitingQuick += change;
  };

  /** What waits and counts: of what waits for quick endpoints only what is too much. */
  const crowd = (): number => waiting - Math.min(waitingQuick, quickBound);

  const quickRoom = (): number => (shares.areQuick() ? quickBound - Math.min(waitingQuick, quickBound) : 0);

  const judge = (lane: Lane): void => {
    const speed = speedOf(lane.endpointId);
    if (speed === lane.speed) return;
    shares.move(lane.speed, speed, lane.origin, lane.running);
    countWaiting(lane, -lane.waiting.length);
    lane.speed = speed;
    countWaiting(lane, lane.waiting.length);
  };

  /** Finds the requests that have turned out slow since it last looked. */
  const judgeYoung = (): void => {
    const now = monotonic();
    for (const [request, { lane, startedAt }] of young) {
      if (now - startedAt <= slowMs) return;
      young.delete(request);
      lane.late += 1;
      judge(lane);
    }
  };

  const crowdedHoldMs = (): number => {
    const { atLeastMs, atMostMs } = crowdedHold;
    const [oldest] = young.values();
    const isAllYoung = open === young.size;
    return oldest !== undefined && isAllYoung
      ? Math.min(Math.max(Math.ceil(monotonic() - oldest.startedAt), atLeastMs), atMostMs)
      : atMostMs;
  };

  const isBroken = (endpointId: string): boolean => (breakers.of(endpointId)?.holdMs ?? 0) > 0;

  const limitOf = (endpointId: string): number => breakers.of(endpointId)?.limit ?? Math.min(firstLimit, perEndpoint);

  /** Less than its limit when the others take more than half: so endpoints that all hang at once leave slots free. */
  const limitNow = ({ endpointId, speed, running }: Lane): number => {
    const free = 1 - (open - running) / concurrency;
    return Math.min(shares.limit(speed, limitOf(endpointId)), Math.max(1, Math.floor(2 * perEndpoint * free)));
  };

  const leaveEmpty = (lane: Lane): void => {
    if (lane.inFlight === 0 && lane.waiting.length === 0) lanes.delete(lane.endpointId);
  };

  const end = (lane: Lane, request: object): void => {
    lane.running -= 1;
    open -= 1;
    shares.count(lane.speed, lane.origin, -1);
    if (!young.delete(request)) lane.late -= 1;
    judge(lane);
    // What waits would be a probe, and those are made one at a time after a hold.
    if (isBroken(lane.endpointId)) giveBack(lane, lane.waiting.length, null);
  };

  const run = async (lane: Lane, { bytes: size, run: start }: SlotWork): Promise<void> => {
    const request = {};
    young.set(request, { lane, startedAt: monotonic() });
    const { settled } = await start();
    const wasFull = roomIn(lane) === 0;
    end(lane, request);
    startNext();
    onEnd(wasFull && roomIn(lane) > 0);
    await settled;
    inFlight -= 1;
    lane.inFlight -= 1;
    bytes -= size;
    leaveEmpty(lane);
    startNext();
    onEnd(false);
  };

  const isFull = (): boolean => open >= concurrency || inFlight >= mostInFlight;

  const startNextOf = (lane: Lane): boolean => {
    if (isFull() || lane.running >= limitNow(lane) || shares.isTaken(lane.speed, lane.origin)) return false;
    const next = lane.waiting.shift();
    if (next === undefined) return false;
    if (lane.waiting.length === 0) queued.delete(lane);
    countWaiting(lane, -1);
    lane.running += 1;
    open += 1;
    inFlight += 1;
    lane.inFlight += 1;
    shares.count(lane.speed, lane.origin, 1);
    void run(lane, next);
    return true;
  };

  /** In turn over endpoints: the one that just got a slot goes to the back. */
  const startNext = (): void => {
    if (waiting === 0 || isFull()) return;
    judgeYoung();
    for (const lane of queued) {
      if (isFull()) return;
      if (!startNextOf(lane) || lane.waiting.length === 0) continue;
      queued.delete(lane);
      queued.add(lane);
    }
  };

  /** Gives back what came last. */
  const giveBack = (lane: Lane, count: number, holdMs: number | null): void => {
    const released = lane.waiting.splice(lane.waiting.length - count);
    if (lane.waiting.length === 0) queued.delete(lane);
    countWaiting(lane, -released.length);
    for (const work of released) {
      bytes -= work.bytes;
      work.release(holdMs);
    }
    leaveEmpty(lane);
  };

  /**
   * None until half is free: a claim of one costs its commit as much as a claim of sixteen. A probe only when nothing is in
   * flight: the hold is there once what failed is written down.
   */
  const roomIn = ({ endpointId, running, inFlight: own, waiting: { length } }: Occupied): number => {
    if (isBroken(endpointId)) return own + length === 0 ? 1 : 0;
    const room = limitOf(endpointId) * (1 + waitingPerRunning);
    const free = room - running - length;
    return free * 2 < room ? 0 : free;
  };

  const roomOf = (endpointId: string, origin: string | null): number => {
    if (shares.isTaken(lanes.get(endpointId)?.speed ?? speedOf(endpointId), origin)) return 0;
    return roomIn(lanes.get(endpointId) ?? { endpointId, running: 0, inFlight: 0, waiting: [] });
  };

  return {
    add: (work) => {
      judgeYoung();
      const lane = laneOf(work);
      lane.waiting.push(work);
      queued.add(lane);
      countWaiting(lane, 1);
      bytes += work.bytes;
      if (startNextOf(lane)) return;
      if (isBroken(lane.endpointId)) giveBack(lane, 1, null);
      else if (crowd() > concurrency && shares.isTaken(lane.speed, lane.origin)) giveBack(lane, 1, crowdedHoldMs());
    },
    worthwhile: () => (shares.areQuick() && isFull() ? quickBound / 2 : 1),
    roomPerEndpoint: () => (shares.isTaken("new", null) ? 1 : firstRoom),
    room: () => (bytes >= maxBytes ? 0 : concurrency - open + Math.max(0, concurrency - crowd() + quickRoom())),
    roomOf,
    rooms: () => {
      judgeYoung();
      const ids = [...breakers.due(monotonic()), ...lanes.keys()];
      return new Map(ids.map((id) => [id, roomOf(id, lanes.get(id)?.origin ?? null)]));
    },
    open: () => open,
    releaseWaiting: () => {
      for (const lane of queued) giveBack(lane, lane.waiting.length, null);
    },
  };
}
