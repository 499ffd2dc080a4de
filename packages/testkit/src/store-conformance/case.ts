import type { Store } from "@outhook/core";

/** A transaction of the host that has begun. */
export type HostTransaction = {
  /** As the store takes it: `send(…, { tx })`. */
  readonly tx: unknown;
  readonly commit: () => Promise<void>;
  readonly rollback: () => Promise<void>;
};

/** A store under test with what a case needs of its surroundings. */
export type StoreHandle = {
  /** Empty and not migrated. */
  readonly store: Store;
  /** A second connection to the same data, for real races. A store that has only one returns itself. */
  readonly peer: () => Promise<Store>;
  /** Begins a transaction of the host on the same data. Left out for stores that join none, with the group `transaction` skipped. */
  readonly begin?: (() => Promise<HostTransaction>) | undefined;
  /** Closes the store, which a case may have closed already, and its peers, and removes the data. */
  readonly destroy: () => Promise<void>;
};

/** How the kit gets stores; every case asks for its own. */
export type StoreFixture = { readonly create: () => Promise<StoreHandle> };

/** One clause of the port. */
export type StoreCase = {
  /** A sentence about behaviour. */
  readonly name: string;
  /** `unmigrated` for the cases about the first migration. Default `migrated`. */
  readonly start?: "migrated" | "unmigrated" | undefined;
  readonly run: (handle: Pick<StoreHandle, "store" | "peer" | "begin">) => Promise<void>;
};

/** The clauses about one part of the port. */
export type CaseGroup = { readonly group: string; readonly cases: readonly StoreCase[] };
