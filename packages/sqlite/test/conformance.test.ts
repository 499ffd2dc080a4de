import type { Store } from "@outhook/core";
import type { StoreHandle } from "@outhook/testkit";
import { storeConformance } from "@outhook/testkit";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "vitest";
import { sqliteStore } from "../src/index.ts";
import { beginOn } from "./fixtures/host-transaction.ts";

async function create(): Promise<StoreHandle> {
  const folder = await mkdtemp(join(tmpdir(), "outhook-sqlite-"));
  const stores: Store[] = [];
  const open = (): Store => {
    const store = sqliteStore({ path: join(folder, "outhook.db") });
    stores.push(store);
    return store;
  };
  return {
    store: open(),
    peer: async () => open(),
    begin: () => beginOn(join(folder, "outhook.db")),
    destroy: async () => {
      for (const store of stores) await store.close();
      await rm(folder, { recursive: true });
    },
  };
}

describe("sqlite store", () => {
  const skip = [
    {
      id: "transaction/a short wait for a key of the host ends soon with nothing written",
      reason: "a transaction that writes holds the whole file, never a single key",
    },
  ];
  // oxlint-disable-next-line vitest/expect-expect -- the cases assert
  for (const { id, run } of storeConformance({ create }, { skip })) it(id, run);
});
