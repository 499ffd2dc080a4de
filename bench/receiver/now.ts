/** Epoch milliseconds with fractions, the same in all processes of a machine but for some microseconds. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
