import { readFileSync } from "node:fs";

/** What a process can be asked: names and what answers them. Inputs and answers travel as JSON. */
export type Commands = Readonly<Record<string, (...input: never[]) => unknown>>;

/** What a process has used since it started. */
export type Usage = {
  /** Processor time, of the system for it too, in microseconds. */
  readonly cpuUs: number;
  /** That of its main thread alone, without those that compile and collect garbage. */
  readonly threadUs: number;
  /** The memory it holds. */
  readonly rssBytes: number;
  /** The most it ever held. */
  readonly peakRssBytes: number;
};

/** The answer to one call; `error` is a stack, or `null` when it succeeded. */
export type Answer = { readonly id: number; readonly value: unknown; readonly error: string | null };

type Call = { readonly id: number; readonly name: string; readonly input: readonly never[] };

/** Answers the process that started this one, until that one disconnects; then ends at once. */
export function serve(commands: Commands): void {
  const all: Commands = { ...commands, usage };
  const answer = async ({ id, name, input }: Call): Promise<Answer> => {
    try {
      return { id, value: await all[name]?.(...input), error: null };
    } catch (error) {
      return { id, value: null, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `startChild` stands beside this
  process.on("message", (call) => void answer(call as Call).then((value) => process.send?.(value)));
  process.on("disconnect", () => process.exit());
  process.send?.("ready");
}

/** What this process has used. */
export function usage(): Usage {
  const [all, main] = [process.cpuUsage(), process.threadCpuUsage()];
  return {
    cpuUs: all.user + all.system,
    threadUs: main.user + main.system,
    rssBytes: process.memoryUsage.rss(),
    peakRssBytes: peakRssBytes(),
  };
}

/** `getrusage` counts what the process that forked this one held at that moment; the kernel's status does not. */
function peakRssBytes(): number {
  if (process.platform !== "linux") return process.resourceUsage().maxRSS * 1_024;
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return Number(kibibytes) * 1_024;
}
