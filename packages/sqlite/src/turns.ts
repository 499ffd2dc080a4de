import type BetterSqlite3 from "better-sqlite3";
import { busyFailure, closedStore, failureOf, isBusy } from "./failures.ts";
import type { Session } from "./session.ts";
import type { Step } from "./shared-commit.ts";
import { isWrite, runShared } from "./shared-commit.ts";

/** An open database. */
export type Opened = {
  readonly db: BetterSqlite3.Database;
  readonly session: Session;
  /** To be called after steps that wrote. */
  readonly afterCommit: () => void;
};

/**
 * Steps in the order in which they are asked for: in each turn of the event loop all that have arrived, together.
 *
 * While another connection holds the write lock those that write wait outside of SQLite, and those that read go on.
 */
export type Turns = {
  readonly add: (step: Step) => void;
  /** Runs what has arrived, refuses what waits for a lock, and takes nothing after it. */
  readonly end: () => void;
};

const longestPauseMs = 25;

export function createTurns(input: {
  readonly path: string;
  readonly lockWaitMs: number;
  readonly open: () => Opened;
  readonly monotonic: () => number;
  /** 0 … 1. */
  readonly random: () => number;
}): Turns {
  const { path, lockWaitMs, open, monotonic, random } = input;
  let arrived: Step[] = [];
  /** In the way of these was a lock. */
  let waiting: Step[] = [];
  let turn: NodeJS.Immediate | undefined;
  let pause: NodeJS.Timeout | undefined;
  let longestMs = 1;
  let ended = false;

  const fail = (step: Step, error: unknown): void => {
    if (!isBusy(error)) {
      step.reject(failureOf(error, path));
      return;
    }
    const waitedMs = Math.round(monotonic() - step.askedAt);
    if (ended) step.reject(closedStore(path));
    else if (waitedMs >= lockWaitMs) step.reject(busyFailure(path, waitedMs, error));
    else wait(step);
  };

  const wait = (step: Step): void => {
    waiting.push(step);
    if (pause !== undefined) return;
    pause = setTimeout(goOn, 1 + random() * (longestMs - 1));
    longestMs = Math.min(longestMs * 2, longestPauseMs);
  };

  const goOn = (): void => {
    pause = undefined;
    arrived = [...waiting, ...arrived];
    waiting = [];
    takeTurn();
  };

  const takeTurn = (): void => {
    clearImmediate(turn);
    turn = undefined;
    const steps = arrived;
    arrived = [];
    if (pause === undefined) {
      run(steps);
    } else {
      waiting.push(...steps.filter(isWrite));
      run(steps.filter((step) => !isWrite(step)));
    }
  };

  const run = (steps: readonly Step[]): void => {
    if (steps.length === 0) return;
    let opened: Opened;
    let left: readonly Step[];
    try {
      opened = open();
      left = runShared(steps, { ...opened, monotonic, fail });
    } catch (error) {
      // Only a read needs no lock; and what cannot begin alone cannot begin at all.
      const reads = steps.filter((step) => !isWrite(step));
      const stuck = reads.length < steps.length ? steps.filter(isWrite) : steps;
      for (const step of stuck) fail(step, error);
      if (reads.length < steps.length) run(reads);
      return;
    }
    if (steps.some(isWrite)) {
      longestMs = 1;
      opened.afterCommit();
    }
    if (left.length > 0) arrived = [...left, ...arrived];
    if (left.length > 0) plan();
  };

  const plan = (): void => {
    turn ??= setImmediate(takeTurn);
  };

  return {
    add: (step) => {
      if (ended) return step.reject(closedStore(path));
      arrived.push(step);
      plan();
    },
    end: () => {
      ended = true;
      clearTimeout(pause);
      pause = undefined;
      for (const step of waiting.splice(0)) step.reject(closedStore(path));
      while (arrived.length > 0) takeTurn();
      clearImmediate(turn);
    },
  };
}
