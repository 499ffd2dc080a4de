import type { Message } from "../model.ts";

/** A message as `send` hands it over. */
export type NewMessage = Message & {
  /**
   * `null` for none. Unique while the message is kept: of its tenant, in its partition at least, in which one key always lies
   * unless the tenant's `spread` was changed.
   */
  readonly idempotencyKey: string | null;
  /** Hash of type and payload, to tell a repeated call from a different one; `null` without a key. */
  readonly payloadHash: string | null;
};

/** `"duplicate"` and `"mismatch"` name the message that holds the key: with the same payload, or with another. */
export type InsertOutcome =
  | { readonly outcome: "inserted" }
  | { readonly outcome: "duplicate"; readonly id: string }
  | { readonly outcome: "mismatch"; readonly id: string };

/** One SQL statement for the host to run itself. */
export type SqlStatement = { readonly sql: string; readonly parameters: readonly (string | number | null)[] };

/** The messages as accepted. `Tx` is what this store can join of the host's transactions. */
export type MessageStore<Tx> = {
  /**
   * Records messages, each waiting for fan-out. Their ids are new.
   * Atomic: the batch; with `tx`, as far as the host's transaction is. Two concurrent callers with one key: one
   * inserts, the other gets its id. Durable on return, or with `tx` once the host commits.
   * Answers in the order of the input, also for a key that stands twice in it.
   * A key that an open transaction of the host has used is waited for: for `keyWaitMs` at most, where that is given and shorter
   * than the store's own patience, so that one key does not hold up all others for long. A store where no transaction holds
   * single keys ignores it. Throws `store_busy` after the wait; then nothing was written.
   * Throws `unsupported_transaction` for a `tx` that it cannot join; then nothing was written.
   */
  readonly insert: (input: {
    readonly messages: readonly NewMessage[];
    readonly tx?: Tx | undefined;
    readonly keyWaitMs?: number | undefined;
  }) => Promise<readonly InsertOutcome[]>;

  /**
   * The one statement that records a message and makes it wait for fan-out, for hosts whose transactions are synchronous. Its
   * parameters go by position, with the placeholders of the store's own driver.
   * Runs nothing, so that it may be called at any time, also before `migrate` and after `close`. A key that is taken leaves the
   * row that has it. Throws `unsupported_transaction` when the store has no SQL.
   */
  readonly statement: (message: NewMessage) => SqlStatement;

  /**
   * Messages of these partitions that wait for fan-out, in order of age, then of id; empty only when there are none. Fewer than
   * `limit` says nothing about what is left, since stores bound the bytes of one call. How many it returns of which partition is
   * up to the store; but of each they are the first ones, without gaps. A partition that `after` names is read from behind that
   * message on, which need not wait any more.
   * Takes no lease: fanning out twice changes nothing.
   */
  readonly awaitingFanOut: (input: {
    readonly partitions: readonly number[];
    readonly limit: number;
    /** Partition → the message after which to go on there. */
    readonly after?: ReadonlyMap<number, Pick<Message, "id" | "createdAt">> | undefined;
  }) => Promise<readonly Message[]>;

  /**
   * Calls `listener` soon after messages were inserted without `tx`, through this store or another one on the same data, with
   * the partitions they lie in, so that dispatchers of other processes look before their next poll. A store may lack it: each
   * is polled, with it or without.
   * Atomic: nothing, a call is a hint. It may come late, twice, once for many inserts, for none, or never; but what it tells
   * of can be read when it comes. Two concurrent callers: each one's listener is called.
   * `null` instead of partitions means any of them, as when the store may have missed something while it did not listen.
   * Resolves when the store listens, or has failed to and goes on trying by itself. The function it resolves to ends that, as
   * `close` does: the listener is not called any more once it has resolved. `listener` must not throw.
   * Throws `stopped` after `close` and nothing else: a database that is away, or not migrated, is waited for.
   */
  readonly onInserted?: OnInserted | undefined;
};

/** Listens to {@link MessageStore.onInserted} until the function that it resolves to is called. */
export type OnInserted = (listener: (partitions: readonly number[] | null) => void) => Promise<() => Promise<void>>;
