import type { Settlement, Store } from "@outhook/core";
import type { Line } from "./line.ts";

/** `told`: it tells what its dispatcher does · `alone`: and its dispatcher hears of no other, as if their heartbeats had frozen. */
export type Watched = "told" | "alone";

/** What a watched dispatcher tells. */
export type Report =
  /** After each heartbeat, the partitions that it takes for its own. */
  | { readonly dispatcherId: string; readonly owned: readonly number[] }
  /** What it would have settled, had it not lost the lease. */
  | { readonly refused: Settlement["next"]["status"] };

/** A store that writes {@link Report}s on standard error, a line each. */
export function watchedStore<Tx>(store: Store<Tx>, watched: Watched): Store<Tx> {
  const tell = (report: Report): void => console.error(JSON.stringify(report));
  /** Whose heartbeat was no claim's yet. The first claim after it is for what the dispatcher owns, later ones may look further. */
  let beaten: string | null = null;

  const heartbeat: typeof store.upkeep.heartbeat = async (input) => {
    const alive = await store.upkeep.heartbeat(input);
    beaten = input.dispatcherId;
    return watched === "alone" ? [input.dispatcherId] : alive;
  };
  const claim: typeof store.deliveries.claim = async (input) => {
    if (beaten !== null) tell({ dispatcherId: beaten, owned: input.partitions });
    beaten = null;
    return await store.deliveries.claim(input);
  };
  const settle: typeof store.deliveries.settle = async (input) => {
    const outcome = await store.deliveries.settle(input);
    for (const [index, { next }] of input.settlements.entries()) {
      if (outcome.results[index] === "lease_lost") tell({ refused: next.status });
    }
    return outcome;
  };
  return {
    ...store,
    upkeep: { ...store.upkeep, heartbeat },
    deliveries: { ...store.deliveries, claim, settle },
  };
}

/** What a process has told so far, oldest first, among what else it wrote. */
function reportsIn(lines: readonly Line[]): readonly (Report & Pick<Line, "at">)[] {
  return lines
    .filter(({ text }) => /^\{"(?:dispatcherId|refused)":/.test(text))
    .map(({ text, at }) => ({ ...JSON.parse(text), at }));
}

/** Who it is, what it owned last, and since when. Nothing before its first heartbeat. */
export function lastOwned(
  lines: readonly Line[],
): { readonly id: string; readonly owned: readonly number[]; readonly at: number } | undefined {
  return reportsIn(lines)
    .flatMap((report) => ("owned" in report ? [{ id: report.dispatcherId, owned: report.owned, at: report.at }] : []))
    .at(-1);
}

/** What it would have settled but was refused. */
export function refusedIn(lines: readonly Line[]): readonly string[] {
  return reportsIn(lines).flatMap((report) => ("refused" in report ? [report.refused] : []));
}
