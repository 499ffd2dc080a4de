/**
 * The dispatcher of the host's global `fetch` as it was when this module was evaluated. It must be the import before
 * `undici`, which replaces it.
 */
export const hostDispatcher: unknown = Reflect.get(globalThis, Symbol.for("undici.globalDispatcher.1"));
