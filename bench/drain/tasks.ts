import { setTimeout as pause } from "node:timers/promises";
import { newId } from "../../packages/core/src/id.ts";
import { bodyOf, groupsOf } from "../messages.ts";
import type { Range, Setup } from "./engine.ts";
import type { Task } from "./hand-written.ts";

const tasksPerInsert = 500;
const lookEveryMs = 5;

/** Messages as the peers' queues hold them, some hundred at a time. */
export function* tasksOf({ first, count }: Range, { targets, bytes }: Setup): Generator<readonly Task[]> {
  for (const group of groupsOf(first, count, tasksPerInsert))
    yield group.map((n) => ({ target: n % targets.length, id: newId("msg_"), body: bodyOf(n, bytes) }));
}

/** Counts what has been answered. */
export type Progress = {
  readonly add: () => void;
  /** Resolves once so many more were answered and nothing is left in the queue. */
  readonly drained: (count: number) => Promise<void>;
};

export function createProgress(isEmpty: () => Promise<boolean>): Progress {
  let answered = 0;
  let expected = Infinity;
  let done: (() => void) | null = null;
  return {
    add: () => {
      answered += 1;
      if (answered >= expected) done?.();
    },
    drained: async (count) => {
      expected = answered + count;
      await new Promise<void>((resolve) => (done = resolve));
      while (!(await isEmpty())) await pause(lookEveryMs);
    },
  };
}

/** Lets so many run at once. */
export function createGate(places: number): <Result>(work: () => Promise<Result>) => Promise<Result> {
  const waiting: (() => void)[] = [];
  let free = places;
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
