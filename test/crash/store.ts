import type { Store } from "@outhook/core";
import { sqliteStore } from "@outhook/sqlite";

type OpenStore = (options: { readonly path: string }) => Store;

/** The store of all processes of these tests: ours, or the one of the module that the environment names. */
export const openStore: OpenStore = await named(process.env["OUTHOOK_TEST_STORE"]);

async function named(url: string | undefined): Promise<OpenStore> {
  if (url === undefined) return sqliteStore;
  const { nodeSqliteStore }: { readonly nodeSqliteStore: OpenStore } = await import(url);
  return nodeSqliteStore;
}
