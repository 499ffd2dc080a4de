/** What a host can do in one of its transactions. */
export type Inside<Tx> = {
  /** As `send` takes it. */
  readonly tx: Tx;
  readonly insertOrder: (id: string) => Promise<unknown>;
  readonly countOrders: () => Promise<unknown>;
};

/** An app with a table of orders, on one of the libraries that apps use. */
export type Host<Tx> = {
  /** Commits what `work` did, or rolls it back when `work` throws. */
  readonly transaction: (work: (inside: Inside<Tx>) => Promise<void>) => Promise<unknown>;
  /** What the library has run so far, by its own log. */
  readonly statements: readonly string[];
  readonly close: () => Promise<unknown>;
};
