/** One engine in a process of its own, so that heaps and compiled code of several do not mix. */
import { queuedMs } from "../process/machine.ts";
import { serve, usage } from "../process/serve.ts";
import type { Engine, Range, Setup } from "./engine.ts";
import type { EngineName } from "./engines.ts";
import { openEngine } from "./engines.ts";

/** What one drain took; processor time as in `Usage`. */
export type Drained = {
  readonly elapsedMs: number;
  readonly cpuUs: number;
  readonly threadUs: number;
  /** For which the main thread had nothing to do until something came. */
  readonly idleMs: number;
  /** For which it had, and others had the cores. */
  readonly queuedMs: number;
};

export type SenderCommands = typeof commands;

let engine: Engine | null = null;

const commands = {
  open: async (name: EngineName, setup: Setup): Promise<void> => {
    engine = await openEngine(name, setup);
  },
  drain: async (range: Range): Promise<Drained> => {
    if (engine === null) throw new Error("`open` comes first");
    await engine.ready(range);
    const before = { ...usage(), queuedMs: queuedMs(), loop: performance.eventLoopUtilization() };
    const start = performance.now();
    await engine.drain(range);
    const elapsedMs = performance.now() - start;
    const after = usage();
    const drained = {
      elapsedMs,
      cpuUs: after.cpuUs - before.cpuUs,
      threadUs: after.threadUs - before.threadUs,
      idleMs: performance.eventLoopUtilization(before.loop).idle,
      queuedMs: queuedMs() - before.queuedMs,
    };
    await engine.rest();
    return drained;
  },
};

serve(commands);
