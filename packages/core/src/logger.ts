import { isOuthookError } from "./errors.ts";

/** Where the engine writes what nobody waits for. Pino, Fastify's `log` and the console wrapper below all fit. */
export type Logger = {
  readonly warn: (details: Readonly<Record<string, unknown>>, message: string) => void;
  readonly error: (details: Readonly<Record<string, unknown>>, message: string) => void;
};

/** Writes to the console. */
export const consoleLogger: Logger = {
  warn: (details, message) => console.warn(`outhook: ${message}`, details),
  error: (details, message) => console.error(`outhook: ${message}`, details),
};

type Details = Parameters<Logger["error"]>[0];

/**
 * Lets through one message of each kind a second, so that a lasting fault does not fill the disk with lines. All that is said
 * of a store that is away is one kind.
 */
export function atMostEverySecond(logger: Logger, monotonic: () => number): Logger {
  const writtenAt = new Map<string, number>();
  const isDue = (details: Details, message: string): boolean => {
    const kind = isOfStore(details) ? "store" : message;
    const now = monotonic();
    if (now - (writtenAt.get(kind) ?? -Infinity) < 1_000) return false;
    writtenAt.set(kind, now);
    return true;
  };
  return {
    warn: (details, message) => (isDue(details, message) ? logger.warn(details, message) : undefined),
    error: (details, message) => (isDue(details, message) ? logger.error(details, message) : undefined),
  };
}

function isOfStore({ error }: Details): boolean {
  return isOuthookError(error) && (error.code === "store_unavailable" || error.code === "store_busy");
}
