import { createRequire } from "node:module";
import type { Client } from "undici";

const hostKey = Symbol.for("undici.globalDispatcher.1");

/** Loads undici when it is first needed. May be called again after it has failed. */
export async function loadClient(): Promise<typeof Client> {
  const hostDispatcher: unknown = Reflect.get(globalThis, hostKey);
  try {
    return (await import("./undici.ts")).Client;
  } catch {
    // `import` never evaluates a module again that has failed, as undici does when descriptors run out half-way.
    const undici: { readonly Client: typeof Client } = createRequire(import.meta.url)("undici");
    Reflect.set(globalThis, hostKey, hostDispatcher);
    return undici.Client;
  }
}
