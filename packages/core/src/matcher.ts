import { readPattern } from "./pattern.ts";

/** What a list of patterns stands for, usually an endpoint. */
export type MatcherEntry<T> = { readonly patterns: readonly string[]; readonly value: T };

type Slot<T> = { readonly order: number; readonly entry: MatcherEntry<T> };

/**
 * Compiles lists of patterns into one function from an event type to the values that want it: each value once, in the
 * order of the entries.
 *
 * A call costs one lookup per segment of the type and one step per match, however many entries there are. Patterns that
 * no longer parse match nothing, so that what was stored under older rules cannot stop a fan-out.
 *
 * @example
 * const matching = createMatcher([{ patterns: ["loan.*"], value: "a" }, { patterns: ["*"], value: "b" }]);
 * matching("loan.active"); // ["a", "b"]
 */
export function createMatcher<T>(entries: readonly MatcherEntry<T>[]): (type: string) => readonly T[] {
  const all: Slot<T>[] = [];
  const exact = new Map<string, Slot<T>[]>();
  const prefixes = new Map<string, Slot<T>[]>();

  for (const [order, entry] of entries.entries()) {
    const slot = { order, entry };
    for (const text of entry.patterns) {
      const pattern = readPattern(text);
      if (pattern?.kind === "all") all.push(slot);
      if (pattern?.kind === "exact") add(exact, pattern.type, slot);
      if (pattern?.kind === "prefix") add(prefixes, pattern.prefix, slot);
    }
  }

  return (type) => {
    const found = new Set([...all, ...(exact.get(type) ?? [])]);
    for (let dot = type.indexOf("."); dot !== -1; dot = type.indexOf(".", dot + 1)) {
      for (const slot of prefixes.get(type.slice(0, dot)) ?? []) found.add(slot);
    }
    return [...found].toSorted((left, right) => left.order - right.order).map((slot) => slot.entry.value);
  };
}

function add<T>(slots: Map<string, Slot<T>[]>, key: string, slot: Slot<T>): void {
  const same = slots.get(key);
  if (same === undefined) slots.set(key, [slot]);
  else same.push(slot);
}
