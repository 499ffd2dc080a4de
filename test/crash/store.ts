import type { Store } from "@outhook/core";
import { sqliteStore } from "@outhook/sqlite";
import { nodeSqliteStore } from "../../examples/custom-store/src/index.ts";

/** The store of all processes of these tests: ours, or the example's where the environment says so. */
export const openStore: (options: { readonly path: string }) => Store =
  process.env["OUTHOOK_TEST_STORE"] === "custom" ? nodeSqliteStore : sqliteStore;
