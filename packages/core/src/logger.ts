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
