/** What a database says about itself. */
export type StoreIdentity = {
  /** Which environment it belongs to, so that a copy of it does not deliver. */
  readonly environment: string;
  /** How many partitions its rows are spread over. */
  readonly partitions: number;
};

/** Setting a store up and telling dispatchers of each other. */
export type UpkeepStore = {
  /**
   * Brings the schema up to date and, the first time, writes the identity down; on a store that already has one,
   * `adopt` replaces its environment, and without it the identity stays: the caller compares.
   * Atomic: each migration. Two concurrent callers: each migration runs once. Returns the ids of those that ran.
   * Throws `schema_newer` when the store was migrated by a newer, incompatible version.
   */
  readonly migrate: (input: {
    readonly identity: StoreIdentity;
    readonly adopt: boolean;
  }) => Promise<readonly string[]>;

  /** The identity. Throws `schema_pending` when `migrate` must run first, `schema_newer` as above; no other method looks for that. */
  readonly identity: () => Promise<StoreIdentity>;

  /**
   * Says that a dispatcher lives for another `ttlMs`, forgets those whose time is over, and returns the ids alive, its own too. It is
   * over when so many have passed since its last call.
   */
  readonly heartbeat: (input: {
    readonly dispatcherId: string;
    readonly ttlMs: number;
    readonly now?: number | undefined;
  }) => Promise<readonly string[]>;

  /** Forgets a dispatcher that stops. */
  readonly retire: (input: { readonly dispatcherId: string }) => Promise<void>;
};
