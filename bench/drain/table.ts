import type { Bound, Result } from "../report.ts";
import { atLeast } from "../report.ts";
import { median, spreadOf } from "../statistics.ts";
import type { EngineName } from "./engines.ts";
import { isFloor, kindOf } from "./engines.ts";
import type { Drain, Load } from "./measure.ts";
import { messagesOf } from "./measure.ts";

/** Each engine's drains. */
export type Drains = ReadonlyMap<EngineName, readonly Drain[]>;

/** Below this part of a core the main thread of a floor waited for something, and so it is none. */
const leastThreadShare = 0.95;

export const drainColumns = [
  "engine",
  "how",
  "messages/s",
  "× floor",
  "CPU s/1,000",
  "peak RSS MiB",
  "sender % of a core",
  "database %",
  "receiver %",
];

export function rowsOf(drains: Drains): readonly (readonly string[])[] {
  const floor = floorOf(drains);
  return [...drains].map(([name, runs]) => [
    name,
    kindOf(name).how,
    spreadOf(of(runs, "perSecond"), 0),
    floor === null ? "" : (rate(runs) / floor.perSecond).toFixed(2),
    median(of(runs, "cpuSecondsPer1000")).toFixed(3),
    median(of(runs, "peakRssMiB")).toFixed(0),
    percent(median(of(runs, "senderShare"))),
    percent(databaseShare(runs)),
    percent(median(of(runs, "receiverShare"))),
  ]);
}

export function resultsOf(drains: Drains, load: Load): readonly Result[] {
  const floor = floorOf(drains);
  const results = [...drains].map(([name, runs]) => resultOf(name, runs, load));
  const best = results.find(({ name }) => name === floor?.name);
  return best === undefined ? results : [{ ...best, variant: best.name, name: "floor" }, ...results];
}

function resultOf(name: EngineName, runs: readonly Drain[], load: Load): Result {
  return {
    name,
    perSecond: rate(runs),
    least: Math.min(...of(runs, "perSecond")),
    most: Math.max(...of(runs, "perSecond")),
    messages: messagesOf(name, load.messages),
    bytes: load.bytes,
    rounds: runs.length,
    cpuSecondsPer1000: median(of(runs, "cpuSecondsPer1000")),
    peakRssMiB: median(of(runs, "peakRssMiB")),
    senderShare: median(of(runs, "senderShare")),
    threadShare: median(of(runs, "threadShare")),
    idleShare: median(of(runs, "idleShare")),
    queuedShare: median(of(runs, "queuedShare")),
    stolenShare: median(of(runs, "stolenShare")),
    receiverShare: median(of(runs, "receiverShare")),
    databaseShare: databaseShare(runs),
  };
}

/** What the design asks of these figures, as far as the run has them. */
export function boundsOf(drains: Drains): { readonly bounds: readonly Bound[]; readonly notes: readonly string[] } {
  const bounds: Bound[] = [];
  const ratio = (name: EngineName, to: number | null, least: number, than: string): void => {
    const runs = drains.get(name);
    if (runs !== undefined && to !== null) bounds.push(atLeast(`drain, ${name}`, rate(runs) / to, least, ` × ${than}`));
  };
  const floor = floorOf(drains);
  const rateOf = (name: EngineName): number | null => {
    const runs = drains.get(name);
    return runs === undefined ? null : rate(runs);
  };
  ratio("outhook-sqlite", floor?.perSecond ?? null, 0.45, "floor");
  ratio("custom-store", rateOf("outhook-sqlite"), 0.8, "outhook-sqlite");
  ratio("outhook-postgres", floor?.perSecond ?? null, 0.4, "floor");
  ratio("outhook-postgres", rateOf("graphile-worker-tuned"), 1.4, "graphile-worker tuned");
  ratio("outhook-postgres", rateOf("bullmq-usual"), 4, "BullMQ usual");
  return { bounds, notes: floor === null ? [] : [floorNote(floor)] };
}

type Floor = { readonly name: EngineName; readonly perSecond: number } & Readonly<Record<FloorShare, number>>;

type FloorShare = "threadShare" | "idleShare" | "queuedShare" | "stolenShare";

/** The best of its variants. */
function floorOf(drains: Drains): Floor | null {
  const floors = [...drains].filter(([name]) => isFloor(name)).map(([name, runs]) => floorFrom(name, runs));
  return floors.toSorted((a, b) => b.perSecond - a.perSecond)[0] ?? null;
}

function floorFrom(name: EngineName, runs: readonly Drain[]): Floor {
  const share = (figure: FloorShare): number => median(of(runs, figure));
  return {
    name,
    perSecond: rate(runs),
    threadShare: share("threadShare"),
    idleShare: share("idleShare"),
    queuedShare: share("queuedShare"),
    stolenShare: share("stolenShare"),
  };
}

function floorNote({ name, perSecond, threadShare, idleShare, queuedShare, stolenShare }: Floor): string {
  const used = `The floor is ${name}, the best of three; its sender's main thread used ${percent(threadShare)} % of a core`;
  if (threadShare >= leastThreadShare) return `${used}.`;
  const unhindered = (perSecond / threadShare).toFixed(0);
  return (
    `${used}, **less than ${percent(leastThreadShare)} %**: it waited for answers in ${percent(idleShare)} % of the time, and in ` +
    `${percent(queuedShare)} % others had the cores; the machine's host took ${percent(stolenShare)} % of a core for something ` +
    `else. **So this is not the floor of this machine, which is about ${unhindered}/s, and no ratio to it counts.**`
  );
}

function databaseShare(runs: readonly Drain[]): number | null {
  const shares = runs.flatMap((run) => (run.databaseShare === null ? [] : [run.databaseShare]));
  return shares.length === 0 ? null : median(shares);
}

function rate(runs: readonly Drain[]): number {
  return median(of(runs, "perSecond"));
}

function of(runs: readonly Drain[], figure: Exclude<keyof Drain, "databaseShare">): readonly number[] {
  return runs.map((run) => run[figure]);
}

function percent(share: number | null): string {
  return share === null ? "" : (share * 100).toFixed(0);
}
