import { setImmediate as breathe, setTimeout as pause } from "node:timers/promises";
import type { ErrorCode } from "./errors.ts";
import { isOuthookError, OuthookError } from "./errors.ts";
import { newId } from "./id.ts";
import { checkIdentity } from "./identity.ts";
import type { Settings } from "./settings.ts";
import { allPartitions, ownedPartitions } from "./partition.ts";
import type { Counts, Pump } from "./pump.ts";
import { shown } from "./shown.ts";
import { createSignal } from "./signal.ts";
import type { Store } from "./store/index.ts";

/** What one `runOnce` did. */
export type RunResult = Readonly<Counts> & {
  /** When the next attempt is due; `null` when nothing is pending. */
  readonly nextDueAt: Date | null;
};

/** The loop fan-out → claim → attempt → settle. */
export type Dispatcher = {
  /**
   * Starts the loop. Resolves when the store has been found fit, waiting for one that is away; rejects with
   * `environment_mismatch`, `schema_pending` or `schema_newer`. Nobody has to await it: a refusal is logged as well. A
   * second call is a no-op with a warning.
   */
  readonly start: () => Promise<void>;
  /**
   * Takes no new work, lets open requests end for `graceMs` (default 10,000), gives the rest back, and resolves by then
   * even with the database gone. May be called at any time, also twice.
   */
  readonly stop: (options?: { readonly graceMs?: number | undefined }) => Promise<void>;
  /**
   * Does what is due now and resolves when it is settled: for cron, serverless and tests. Takes no new work after
   * `maxMs` (default 60,000), and waits for the requests open by then; `stop` ends it earlier. Refused while the loop
   * runs.
   */
  readonly runOnce: (options?: { readonly maxMs?: number | undefined }) => Promise<RunResult>;
};

/** One life of the engine, from a start to its stop. */
export type Run = {
  readonly pump: Pump;
  /** Ends the open requests; their claims are given back. */
  readonly abort: () => Promise<void>;
  /** Stops trying to write settlements. */
  readonly giveUp: () => void;
};

const heartbeatMs = 2_000;
/** How long a dispatcher counts as alive after a heartbeat. The others see at their next, 10 s after its last, that it is gone. */
const heartbeatTtlMs = 8_000;
/**
 * How often a dispatcher without work of its own looks for that of others, and goes on as long as it finds some: so a dead
 * dispatcher's partitions never rest for its heartbeat to lapse, and one large tenant keeps all dispatchers busy.
 */
const sweepEveryMs = 1_000;
const retryMs = 200;
/** The part of `graceMs` kept for writing down how the last requests ended. */
const settleGraceMs = 500;

export function createDispatcher(input: {
  readonly store: Store;
  readonly settings: Settings;
  readonly createRun: (onChange: () => void) => Run;
}): Dispatcher & { readonly wake: () => void } {
  const { store, settings, createRun } = input;
  const { clock, storeNow, logger, layout, pollMs } = settings;
  const dispatcherId = newId("dsp_");
  const everything = allPartitions(layout.partitions);
  const signal = createSignal();
  let owned: readonly number[] = everything;
  let state: "stopped" | "running" | "once" | "stopping" = "stopped";
  /** Which `start` or `runOnce` the state belongs to. */
  let lives = 0;
  let run: Run | null = null;
  let work: Promise<unknown> = Promise.resolve();
  let stopped: Promise<void> = Promise.resolve();
  let endHints = noHints;

  /** Lets the store end the loop's sleep when there is something new for it. Returns what ends that. */
  const heedHints = (): typeof noHints => {
    const heeding = store.messages.onInserted?.((partitions) => {
      if (partitions === null || partitions.some((partition) => owned.includes(partition))) signal.notify();
    });
    const heeded = heeding?.catch((error: unknown) => {
      logger.warn({ error }, "the store gives no hints; the dispatcher finds what other processes send when it looks");
    });
    return async () => await (await heeded)?.();
  };

  const loopOver = async (current: Run): Promise<void> => {
    const { pump } = current;
    let beatAt = -Infinity;
    let sweptAt = -Infinity;
    let idleMs = 0;
    const round = async (): Promise<number> => {
      if (clock.monotonic() - beatAt >= heartbeatMs) {
        const alive = await store.upkeep.heartbeat({ dispatcherId, ttlMs: heartbeatTtlMs, now: storeNow() });
        beatAt = clock.monotonic();
        owned = ownedPartitions(dispatcherId, alive, layout.partitions);
      }
      const taken = await pump.fill(owned);
      if (taken > 0 || owned.length === everything.length || clock.monotonic() - sweptAt < sweepEveryMs) return taken;
      const swept = await pump.fill(everything);
      if (swept === 0) sweptAt = clock.monotonic();
      return swept;
    };
    while (state === "running" && run === current) {
      try {
        const taken = await round();
        // Short pauses at first: work comes in bursts, and another process cannot wake this one.
        idleMs = taken > 0 ? 0 : Math.min(pollMs, idleMs * 2 + 5);
        await (taken > 0 ? breathe() : signal.wait(idleMs));
      } catch (error) {
        logger.error({ error }, awaySentence);
        await signal.wait(retryMs);
      }
    }
  };

  /** Waits for a store that is away; any other refusal is final. */
  const waitForStore = async (isMine: () => boolean): Promise<void> => {
    while (isMine()) {
      try {
        return await checkIdentity(store, settings);
      } catch (error) {
        if (!isOuthookError(error) || !transientCodes.has(error.code)) throw error;
        logger.error({ error }, awaySentence);
        await signal.wait(retryMs);
      }
    }
  };

  const start = async (): Promise<void> => {
    if (state !== "stopped") {
      logger.warn({ state }, "dispatcher.start() was called while it runs; this call does nothing");
      return;
    }
    state = "running";
    lives += 1;
    const mine = lives;
    const isMine = (): boolean => state === "running" && lives === mine;
    try {
      await waitForStore(isMine);
    } catch (error) {
      if (isMine()) state = "stopped";
      throw error;
    }
    if (!isMine()) return;
    run = createRun(signal.notify);
    owned = everything;
    endHints = heedHints();
    work = loopOver(run);
  };

  const stop = async (graceMs: number): Promise<void> => {
    const current = run;
    state = "stopping";
    signal.notify();
    if (current !== null) {
      let over = false;
      const hintsEnded = endHints().catch(() => undefined);
      endHints = noHints;
      const settleAll = async (): Promise<void> => {
        await work.catch(() => undefined);
        current.pump.release();
        while (current.pump.unsettled() > 0 && !over) await signal.wait(pollMs);
        if (over) return;
        await store.upkeep.retire({ dispatcherId }).catch((error: unknown) => {
          logger.warn({ error }, "the dispatcher could not sign off; the others will see by themselves");
        });
        await hintsEnded;
      };
      const reserveMs = Math.min(settleGraceMs, graceMs / 2);
      const settled = settleAll();
      await within(graceMs - reserveMs, settled);
      await within(reserveMs / 2, current.abort());
      await within(reserveMs / 2, settled);
      over = true;
      current.giveUp();
      signal.notify();
      run = null;
    }
    state = "stopped";
  };

  const onceOver = async (current: Run, maxMs: number): Promise<RunResult> => {
    const { pump } = current;
    const endAt = clock.monotonic() + maxMs;
    const isOver = (): boolean => clock.monotonic() > endAt || state !== "once";
    let early = false;
    for (;;) {
      early = isOver();
      const taken = early ? 0 : await pump.fill(everything);
      if (taken === 0 && (pump.unsettled() === 0 || state !== "once")) break;
      await (taken > 0 ? breathe() : signal.wait(pollMs));
    }
    const dueInMs = early ? 0 : await store.deliveries.nextDueInMs({ partitions: everything, now: storeNow() });
    return { ...pump.counts, nextDueAt: dueInMs === null ? null : new Date(clock.now() + dueInMs) };
  };

  const runOnce = async (maxMs: number): Promise<RunResult> => {
    if (state !== "stopped") {
      throw new OuthookError(
        "invalid_options",
        "dispatcher.runOnce() is for processes where the dispatcher does not run; call dispatcher.stop() first, or leave it out",
      );
    }
    state = "once";
    lives += 1;
    const mine = lives;
    try {
      await checkIdentity(store, settings);
      const current = createRun(signal.notify);
      run = current;
      const result = onceOver(current, maxMs);
      work = result;
      return await result;
    } finally {
      // Unless `stop` has taken over: then it ends this life.
      if (state === "once" && lives === mine) {
        state = "stopped";
        run = null;
      }
    }
  };

  return {
    start: () => {
      const started = start();
      started.catch((error: unknown) => logger.error({ error }, "the dispatcher did not start"));
      return started;
    },
    stop: async (options) => {
      const graceMs = duration("graceMs", options?.graceMs, 10_000);
      if (state === "running" || state === "once") stopped = stop(graceMs);
      await stopped;
    },
    runOnce: async (options) => await runOnce(duration("maxMs", options?.maxMs, 60_000)),
    wake: signal.notify,
  };
}

const transientCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["store_busy", "store_unavailable"]);
const awaySentence = "the dispatcher cannot take work from the store; it keeps trying, and no attempt is used up";
const noHints = async (): Promise<void> => undefined;
/** Longer timers fire at once in Node; 24 days are for ever here. */
const longestMs = 2 ** 31 - 1;

function duration(param: string, value: number | undefined, fallback: number): number {
  const ms = value ?? fallback;
  if (typeof ms === "number" && ms >= 0) return Math.min(ms, longestMs);
  throw new OuthookError("invalid_options", `${param} is ${shown(ms)}; it must be milliseconds, 0 or more`, { param });
}

/** Waits for a promise, but no longer than `ms`. */
async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  const timer = new AbortController();
  await Promise.race([promise, pause(ms, undefined, { signal: timer.signal })]).catch(() => undefined);
  timer.abort();
}
