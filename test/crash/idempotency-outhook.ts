import type { AnyEvents, Outhook } from "@outhook/core";
import { createOuthook } from "@outhook/core";
import { openStore } from "./store.ts";

/** The same app, with secrets encrypted at rest, in every process of the test. `hang` never returns from a committed create. */
export function openEncrypted(
  path: string,
  { hang }: { readonly hang: (() => Promise<never>) | null } = { hang: null },
): Outhook<AnyEvents, never> {
  const store = openStore({ path });
  const insert: typeof store.endpoints.insert = async (input) => {
    const outcome = await store.endpoints.insert(input);
    return hang === null ? outcome : await hang();
  };
  return createOuthook({
    store: { ...store, endpoints: { ...store.endpoints, insert } },
    secretKeys: { current: "k1", keys: { k1: Buffer.alloc(32, 7) } },
    network: { allow: ["127.0.0.1/32"], allowHttp: true },
  });
}
