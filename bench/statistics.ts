/** The value in the middle, or the upper one of two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const above = Math.floor(sorted.length / 2);
  const below = Math.ceil(sorted.length / 2) - 1;
  return ((sorted[below] ?? NaN) + (sorted[above] ?? NaN)) / 2;
}

/** The value that this part of all values, 0 … 1, does not exceed. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
}

/** The median with the least and the greatest: `12.3 (11.0 to 14.9)`. */
export function spreadOf(values: readonly number[], digits: number): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return `${median(values).toFixed(digits)} (${least.toFixed(digits)} to ${most.toFixed(digits)})`;
}
