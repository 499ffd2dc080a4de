import { median } from "../statistics.ts";
import type { Drain } from "./measure.ts";

/** What is measured beside others, with what was found in each round. */
export type Measured = { readonly found: Drain[] };

/** Measures each case once in a round, in alternating order, so that what else the machine does meets all of them alike. */
export async function measureInRounds<Case extends Measured>(
  cases: readonly Case[],
  options: {
    readonly rounds: number;
    readonly nameOf: (one: Case) => string;
    readonly measure: (one: Case) => Promise<Drain>;
  },
): Promise<void> {
  const { rounds, nameOf, measure } = options;
  for (let round = 0; round < rounds; round += 1) {
    for (const one of round % 2 === 0 ? cases : cases.toReversed()) {
      const drain = await measure(one);
      one.found.push(drain);
      console.error(`round ${round + 1}, ${nameOf(one)}: ${drain.perSecond.toFixed(0)}/s`);
    }
  }
}

/** What was found of each round. */
export function figuresOf(
  { found }: Measured,
  figure: "perSecond" | "cpuSecondsPer1000" | "peakRssMiB",
): readonly number[] {
  return found.map((one) => one[figure]);
}

/** The median of the ratios to `base`, each taken within a round. */
export function ratioTo(base: Measured, one: Measured, figure: "perSecond" | "cpuSecondsPer1000"): number {
  const bases = figuresOf(base, figure);
  return median(figuresOf(one, figure).map((value, round) => value / (bases[round] ?? NaN)));
}
