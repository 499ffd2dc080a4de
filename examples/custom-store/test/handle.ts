import type { Store } from "@outhook/core";
import type { SkippedCase, StoreHandle } from "@outhook/testkit";
import { mkdtemp, rm } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeSqliteStore } from "../src/index.ts";

/** A store on a file of its own, with what the cases need around it. Both test runners use it. */
export async function create(): Promise<StoreHandle> {
  const folder = await mkdtemp(join(tmpdir(), "outhook-custom-"));
  const path = join(folder, "outhook.db");
  const stores: Store[] = [];
  const open = (): Store => {
    const store = nodeSqliteStore({ path });
    stores.push(store);
    return store;
  };
  return {
    store: open(),
    peer: async () => open(),
    begin: async () => {
      const tx = new DatabaseSync(path);
      tx.exec("begin immediate");
      const end = (statement: string) => async (): Promise<void> => {
        tx.exec(statement);
        tx.close();
      };
      return { tx, commit: end("commit"), rollback: end("rollback") };
    },
    destroy: async () => {
      for (const store of stores) await store.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** What this store leaves out, and why that is right. */
export const skip: readonly SkippedCase[] = [
  { id: "hints", reason: "they are optional: dispatchers of other processes poll the file" },
  {
    id: "transaction/a short wait for a key of the host ends soon with nothing written",
    reason: "a transaction that writes holds the whole file, never a single key",
  },
];
