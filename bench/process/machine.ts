import { readFileSync } from "node:fs";

/** Linux counts in hundredths of a second, whatever its own clock does. */
const tickMs = 10;
/** Of the first line of `/proc/stat`. https://man7.org/linux/man-pages/man5/proc_stat.5.html */
const stealField = 8;

/**
 * Milliseconds for which a virtual machine's cores, all together, were ready to run and its host ran something else, since it
 * started. 0 where the system does not tell.
 */
export function stolenMs(): number {
  if (process.platform !== "linux") return 0;
  const [line = ""] = readFileSync("/proc/stat", "utf8").split("\n");
  return Number(line.split(/ +/)[stealField] ?? 0) * tickMs;
}

/** Milliseconds for which this process's main thread was ready to run and others had the cores; 0 off Linux. */
export function queuedMs(): number {
  if (process.platform !== "linux") return 0;
  const [, queuedNs] = readFileSync("/proc/self/schedstat", "utf8").split(" ");
  return Number(queuedNs ?? 0) / 1_000_000;
}
