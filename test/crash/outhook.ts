import type { AnyEvents, DispatcherOptions, Outhook } from "@outhook/core";
import { createOuthook } from "@outhook/core";
import { openStore } from "./store.ts";

/** The shortest lease there may be: timeouts of at most a second, and ten to spare. */
export const leaseMs = 11_000;
export const concurrency = 16;

/** The same app in every process of these tests. */
export function openOuthook(path: string, dispatcher: DispatcherOptions = {}): Outhook<AnyEvents, never> {
  return createOuthook({
    store: openStore({ path }),
    secretKeys: "plaintext",
    network: { allow: ["127.0.0.1/32"], allowHttp: true },
    dispatcher: { leaseMs, maxTimeoutSeconds: 1, concurrency, ...dispatcher },
  });
}
