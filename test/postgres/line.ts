/** A line that a process wrote, and when it came, in epoch milliseconds. */
export type Line = { readonly text: string; readonly at: number };
