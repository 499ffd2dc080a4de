import type { StoreHandle } from "@outhook/testkit";
import { storeConformance } from "@outhook/testkit";
import { describe, it } from "vitest";
import { sqliteStore } from "../src/index.ts";
import { temporaryFile } from "./temporary-file.ts";

async function create(): Promise<StoreHandle> {
  const { path, remove } = await temporaryFile();
  const stores = [sqliteStore({ path })] as const;
  const peers: ReturnType<typeof sqliteStore>[] = [];
  return {
    store: stores[0],
    peer: async () => {
      const peer = sqliteStore({ path });
      peers.push(peer);
      return peer;
    },
    destroy: async () => {
      for (const store of [...stores, ...peers]) await store.close();
      await remove();
    },
  };
}

describe("sqlite store", () => {
  for (const { id, run } of storeConformance({ create })) it(id, run);
});
