import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** The memory of this process, watched. */
export type MemoryWatch = {
  /** Stops, and tells by how many bytes the process was at most larger than when the watch began. */
  readonly end: () => number;
};

/** Collects the garbage, and from then on watches how large this process gets. */
export function watchMemory(): MemoryWatch {
  collectGarbage();
  const before = process.memoryUsage.rss();
  let most = before;
  const look = (): void => {
    most = Math.max(most, process.memoryUsage.rss());
  };
  const timer = setInterval(look, 5);
  return {
    end: () => {
      clearInterval(timer);
      look();
      return most - before;
    },
  };
}

/** What this process holds on the heap and beside it, in bytes, garbage left out. */
export function heldBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect === "function") collect();
}
