import { setImmediate as breathe } from "node:timers/promises";
import type { ErrorCode } from "./errors.ts";
import { isOuthookError, OuthookError } from "./errors.ts";
import type { Grace, GraceOptions } from "./grace.ts";
import { createGrace, duration, graceMsOf } from "./grace.ts";
import { newId } from "./id.ts";
import { checkIdentity } from "./identity.ts";
import type { SecretBox } from "./secret-box.ts";
import type { Settings } from "./settings.ts";
import { allPartitions, ownedPartitions } from "./partition.ts";
import type { Counts, Pump } from "./pump.ts";
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
   * `environment_mismatch`, `unknown_secret_key`, `schema_pending` or `schema_newer`. Nobody has to await it: a refusal is
   * logged as well. A second call is a no-op with a warning. During a `stop` it waits for the end of that; a later `stop` takes
   * it back.
   */
  readonly start: () => Promise<void>;
  /**
   * Takes no new work, lets open requests end for `graceMs` (default 10,000), gives the rest back, and resolves by then
   * even with the database gone. May be called at any time, also twice: the shorter grace counts for both.
   */
  readonly stop: (options?: GraceOptions) => Promise<void>;
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
 * dispatcher's partitions never rest for its heartbeat to lapse, what one gives back when it stops is taken up within a second,
 * and one large tenant keeps all dispatchers busy.
 */
const sweepEveryMs = 750;
const retryMs = 200;
/** How long an idle dispatcher sleeps that is told of what others send: at `pollMs`, its looks alone took 3 % of a core. */
const hintedPollMs = 1_000;

export function createDispatcher(input: {
  readonly store: Store;
  readonly settings: Settings;
  readonly secretBox: SecretBox;
  readonly createRun: (onChange: () => void) => Run;
}): Dispatcher & { readonly wake: () => void } {
  const { store, settings, secretBox, createRun } = input;
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
  let grace: Grace | null = null;
  let stopped: Promise<void> = Promise.resolve();
  /** How often `stop` was called, so that a start that waits for one sees whether it was the last. */
  let stops = 0;
  let restarted: Promise<void> | null = null;
  let endHints = noHints;
  let hinted = false;

  /** Lets the store end the loop's sleep when there is something new for it. Returns what ends that. */
  const heedHints = (): typeof noHints => {
    const heeding = store.messages.onInserted?.((partitions) => {
      if (partitions === null || partitions.some((partition) => owned.includes(partition))) signal.notify();
    });
    const heeded = heeding?.then(
      (end) => {
        hinted = true;
        return end;
      },
      (error: unknown) => {
        logger.warn(
          { error },
          "the store gives no hints; the dispatcher finds what other processes send when it looks",
        );
      },
    );
    return async () => {
      const end = await heeded;
      hinted = false;
      await end?.();
    };
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
        idleMs = taken > 0 ? 0 : Math.min(hinted ? Math.max(hintedPollMs, pollMs) : pollMs, idleMs * 2 + 5);
        await (taken > 0 ? breathe() : signal.wait(await atMostUntilDue(idleMs)));
      } catch (error) {
        logger.error({ error }, awaySentence);
        await signal.wait(retryMs);
      }
    }
  };

  /** Only a sleep longer than the poll can be too long for what is due before its end. */
  const atMostUntilDue = async (ms: number): Promise<number> => {
    if (ms <= pollMs) return ms;
    const dueInMs = await store.deliveries.nextDueInMs({ partitions: owned, now: storeNow() });
    return dueInMs === null ? ms : Math.min(ms, Math.max(pollMs, dueInMs));
  };

  /** Waits for a store that is away; any other refusal is final. */
  const waitForStore = async (isMine: () => boolean): Promise<void> => {
    while (isMine()) {
      try {
        return await checkIdentity({ store, secretBox, settings });
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

  const restart = async (): Promise<void> => {
    const asked = stops;
    await stopped;
    if (asked !== stops) return;
    restarted = null;
    await start();
  };

  const retire = async (): Promise<void> => {
    await store.upkeep.retire({ dispatcherId }).catch((error: unknown) => {
      logger.warn({ error }, "the dispatcher could not sign off; the others will see by themselves");
    });
  };

  const end = async (current: Run, { requestsOver, cutOffOver, over }: Grace): Promise<void> => {
    let isOver = false;
    const hintsEnded = endHints().catch(() => undefined);
    endHints = noHints;
    const settleAll = async (): Promise<void> => {
      await work.catch(() => undefined);
      current.pump.release();
      // At once, so that the others need not wait for the last request to take over.
      const retired = retire();
      while (current.pump.unsettled() > 0 && !isOver) await signal.wait(pollMs);
      await Promise.all([retired, hintsEnded]);
    };
    const settled = settleAll();
    await Promise.race([settled, requestsOver]);
    await Promise.race([current.abort().catch(() => undefined), cutOffOver]);
    await Promise.race([settled, over]);
    isOver = true;
    current.giveUp();
    signal.notify();
  };

  const stop = async (within: Grace): Promise<void> => {
    const current = run;
    state = "stopping";
    signal.notify();
    if (current !== null) await end(current, within);
    within.clear();
    run = null;
    state = "stopped";
  };

  const onceOver = async (current: Run, maxMs: number, isMine: () => boolean): Promise<RunResult> => {
    const { pump } = current;
    const endAt = clock.monotonic() + maxMs;
    let early = false;
    for (;;) {
      early = clock.monotonic() > endAt || !isMine();
      const taken = early ? 0 : await pump.fill(everything);
      if (taken === 0 && (pump.unsettled() === 0 || !isMine())) break;
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
    const isMine = (): boolean => state === "once" && lives === mine;
    try {
      await checkIdentity({ store, secretBox, settings });
      const current = createRun(signal.notify);
      const result = onceOver(current, maxMs, isMine);
      if (isMine()) {
        run = current;
        work = result;
      }
      return await result;
    } finally {
      // Unless `stop` has taken over: then it ends this life.
      if (isMine()) {
        state = "stopped";
        run = null;
      }
    }
  };

  return {
    start: () => {
      const started = state === "stopping" ? (restarted ??= restart()) : start();
      started.catch((error: unknown) => logger.error({ error }, "the dispatcher did not start"));
      return started;
    },
    stop: async (options) => {
      const graceMs = graceMsOf(options);
      stops += 1;
      restarted = null;
      if (state === "running" || state === "once") {
        grace = createGrace();
        stopped = stop(grace);
      }
      grace?.atMost(graceMs);
      await stopped;
    },
    runOnce: async (options) => await runOnce(duration("maxMs", options?.maxMs, 60_000)),
    wake: signal.notify,
  };
}

const transientCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["store_busy", "store_unavailable"]);
const awaySentence = "the dispatcher cannot take work from the store; it keeps trying, and no attempt is used up";
const noHints = async (): Promise<void> => undefined;
