import { constants, setPriority } from "node:os";

/** Lets this process run before others: among busy ones a receiver would come too late to say when something arrived. */
export function comeFirst(): void {
  try {
    setPriority(constants.priority.PRIORITY_HIGHEST);
  } catch {
    // Only root may.
  }
}
