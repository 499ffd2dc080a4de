import { describe, expect, it } from "vitest";
import { firstAcross } from "../src/first-across.ts";

type Row = { readonly partition: number; readonly at: number };

/** Repeatable numbers below `end`. */
function numbers(seed: number): (end: number) => number {
  let state = seed;
  return (end) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * end);
  };
}

function run(rows: ReadonlyMap<number, readonly Row[]>, limit: number) {
  let read = 0;
  const found = firstAcross({
    partitions: [...rows.keys()],
    limit,
    read: (partition, count) => {
      const page = (rows.get(partition) ?? []).slice(0, count);
      read += page.length;
      return page;
    },
    compare: (a, b) => a.at - b.at,
  });
  return { found: found.map(({ at }) => at), read };
}

describe("the first rows over several partitions", () => {
  it("are those of all of them, sorted, for 500 random tables", () => {
    for (let seed = 1; seed <= 500; seed += 1) {
      const below = numbers(seed);
      const rows = new Map(
        Array.from({ length: 1 + below(8) }, (_, partition) => {
          const times = Array.from({ length: below(30) }, () => below(40)).toSorted((a, b) => a - b);
          return [partition, times.map((at) => ({ partition, at }))] as const;
        }),
      );
      const limit = 1 + below(25);
      const all = [...rows.values()].flat().map(({ at }) => at);
      expect(run(rows, limit).found).toEqual(all.toSorted((a, b) => a - b).slice(0, limit));
    }
  });

  it("cost about as many reads as are asked for, also when one partition has them all", () => {
    const busy = Array.from({ length: 100_000 }, (_, at) => ({ partition: 0, at }));
    const late = Array.from({ length: 1_000 }, () => ({ partition: 1, at: 200_000 }));
    const rows = new Map([busy, late, late, late].map((of, partition) => [partition, of] as const));
    const { found, read } = run(rows, 256);
    expect(found).toHaveLength(256);
    expect(read).toBeLessThan(256 * 4);
  });
});
