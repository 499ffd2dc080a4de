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

/** Lets through one message of each kind a second, so that a lasting fault does not fill the disk with lines. */
export function atMostEverySecond(logger: Logger, monotonic: () => number): Logger {
  const writtenAt = new Map<string, number>();
  const isDue = (message: string): boolean => {
    const now = monotonic();
    if (now - (writtenAt.get(message) ?? -Infinity) < 1_000) return false;
    writtenAt.set(message, now);
    return true;
  };
  return {
    warn: (details, message) => (isDue(message) ? logger.warn(details, message) : undefined),
    error: (details, message) => (isDue(message) ? logger.error(details, message) : undefined),
  };
}
