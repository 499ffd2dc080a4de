import { isOuthookError, OuthookError } from "@outhook/core/for-stores";
import type { MigrationSteps } from "@outhook/sql";
import { setTimeout as pause } from "node:timers/promises";
import { failureOf, isCollision, migratingFailure, unconfirmedFailure } from "./failures.ts";
import type { PoolSource } from "./pool-source.ts";
import type { Connection, PostgresQuery } from "./pool.ts";
import { checkOut } from "./pool.ts";
import type { Reader, Session, Statement } from "./session.ts";
import { createReader, ownTypes } from "./session.ts";

/**
 * The store's transactions, each on a connection that it takes from the pool and gives back. What bounds one is said with
 * `set local` when it begins: a pooler may give each transaction another connection.
 *
 * Transactions that write wait for each other's rows, so all of them lock in one order: deliveries by partition and id,
 * then queue rows by partition, endpoint and lane, then health by endpoint. A claim, which takes queue rows before
 * deliveries, and a fan-out, which marks messages first, skip what is locked instead of waiting. Writes of endpoints begin
 * at their tenant's row and touch none of these tables.
 */
export type Transactions = {
  /**
   * Runs statements that only read, each by itself: without begin and commit a third of the round trips, for what a
   * dispatcher asks all the time. They are planned each time.
   */
  readonly glance: <Result>(work: (reader: Reader) => Promise<Result>) => Promise<Result>;
  /** Runs `work` on one snapshot. */
  readonly read: <Result>(work: (session: Session) => Promise<Result>) => Promise<Result>;
  /**
   * Runs `work`, all or nothing, durable when the promise resolves. Each statement sees what is committed when it begins. A
   * transaction that collided with another is run again, so `work` may be called several times. `lockWaitMs` shortens its waits
   * for locks.
   */
  readonly write: <Result>(
    work: (session: Session) => Promise<Result>,
    options?: { readonly lockWaitMs?: number | undefined },
  ) => Promise<Result>;
  /**
   * As `write`, for work that may be done again, that finds out by its statements what time it is, and says which is the last: on
   * connections that pipeline, the beginning goes out with the first statement, and the commit with the last. Done again when the
   * connection was lost, as whether it was done is not known then.
   */
  readonly writeSwiftly: <Result>(work: (session: SwiftSession) => Promise<Result>) => Promise<Result>;
  /** As `write`, one at a time in this schema, for as long as it takes, and also when migrations are missing. */
  readonly migrate: <Result>(work: (session: Session) => Promise<Result>) => Promise<Result>;
  /** Runs statements by themselves, beside a `migrate` that waits for them: those that no transaction may hold. */
  readonly alone: <Result>(work: (reader: Reader) => Promise<Result>) => Promise<Result>;
  /** Throws `stopped` after `close`. */
  readonly requireOpen: () => void;
  /** From now on every call throws `stopped`. */
  readonly close: () => void;
};

/** Statements in one transaction that were not told when it began. */
export type SwiftSession = Pick<Reader, "all"> & {
  /** As `all`, with nothing after it. */
  readonly last: Reader["all"];
};

/** What one statement may take beyond its wait for a lock. */
const statementMs = 10_000;
/** How long the server waits for the next statement of a transaction, whose locks others wait for. */
const standstillMs = 10_000;
/** How much longer than the server's own bounds an answer may take. */
const networkMs = 5_000;
const mostRounds = 6;
/** How long a migration waits until it looks again whether another one has ended. */
const migrationPauseMs = 50;

/** Does not wait: a statement that waits has a snapshot, and what builds an index waits for all snapshots. */
const lockMigrations: Statement<{ readonly taken: boolean }> = {
  sql: "select pg_try_advisory_xact_lock(hashtextextended('outhook migrations in ' || $1::text, 0)) as taken",
};

/** The connection ended, maybe long ago without the pool's noticing. */
class Gone extends Error {
  /** False when nothing can have happened on it. */
  readonly maybeDone: boolean;

  constructor(message: string, { cause, maybeDone }: { readonly cause: unknown; readonly maybeDone: boolean }) {
    super(message, { cause });
    this.maybeDone = maybeDone;
  }
}

const sayNow = "select floor(extract(epoch from now()) * 1000)::bigint as now";

type Kind = { readonly begin: string; readonly mostMs: number; readonly prepared: boolean };

export function createTransactions(input: {
  readonly source: PoolSource;
  readonly schema: string;
  /** How long a call waits for a connection and for a lock before it throws `store_busy`. */
  readonly lockWaitMs: number;
  readonly prepared: boolean;
  readonly migrations: Pick<MigrationSteps, "check">;
  /** 0 … 1. */
  readonly random: () => number;
}): Transactions {
  const { source, schema, lockWaitMs, prepared, migrations, random } = input;
  /** What begins a transaction. What is named last wins. */
  const beginning = (mode: string, lockMs: number, ...more: readonly string[]): string =>
    [
      `begin isolation level ${mode}`,
      // 0 would mean to wait for ever.
      `set local lock_timeout = ${Math.max(lockMs, 1)}`,
      `set local statement_timeout = ${lockWaitMs + statementMs}`,
      `set local idle_in_transaction_session_timeout = ${standstillMs}`,
      // A connection keeps the plan of a statement for long; one made while a table was small must not read it from end to end
      // when it is large.
      "set local enable_seqscan = off",
      "set local enable_bitmapscan = off",
      "set local jit = off",
      ...more,
    ].join("; ");
  const mostMs = lockWaitMs + statementMs + networkMs;
  const read: Kind = { begin: beginning("repeatable read read only", lockWaitMs, sayNow), mostMs, prepared };
  const writeWithin = (lockMs: number): Kind => ({
    begin: beginning("read committed", lockMs, sayNow),
    mostMs,
    prepared,
  });
  const write = writeWithin(lockWaitMs);
  const swift = beginning("read committed", lockWaitMs);
  const migrate: Kind = {
    begin: beginning("read committed", lockWaitMs, "set local statement_timeout = 0", sayNow),
    mostMs: 24 * 60 * 60 * 1_000,
    // Only what is not prepared may be several statements.
    prepared: false,
  };
  let migrated = false;
  let closed = false;

  const requireOpen = (): void => {
    if (closed) throw new OuthookError("stopped", "the store is closed: create a new one");
  };

  const glanceOnce = async <Result>(work: (reader: Reader) => Promise<Result>, ms = mostMs): Promise<Result> => {
    const connection = await checkOut(await source.open(), lockWaitMs);
    try {
      return await work(createReader((query) => first(connection, query, ms), { prepared: false }));
    } finally {
      connection.giveBack({ distrusted: false });
    }
  };

  const transact = async <Result>(kind: Kind, work: (session: Session) => Promise<Result>): Promise<Result> => {
    const connection = await checkOut(await source.open(), lockWaitMs);
    let distrusted = false;
    try {
      const [begun] = await first(connection, { text: kind.begin, types: ownTypes }, kind.mostMs);
      const reader = createReader((query) => connection.run(query, kind.mostMs), kind);
      const result = await work({ ...reader, now: instantOf(begun) });
      await commit(connection, kind.mostMs);
      return result;
    } catch (error) {
      distrusted = !(await rollBack(connection, networkMs));
      throw error;
    } finally {
      connection.giveBack({ distrusted });
    }
  };

  const transactSwiftly = async <Result>(work: (session: SwiftSession) => Promise<Result>): Promise<Result> => {
    const connection = await checkOut(await source.open(), lockWaitMs);
    const { all } = createReader((query) => connection.run(query, mostMs), write);
    const begun = first(connection, { text: swift }, mostMs);
    let committed: Promise<void> | null = null;
    let distrusted = false;
    const last: Reader["all"] = async (statement, values) => {
      const rows = all(statement, values);
      // After a statement that fails it rolls back.
      if (connection.pipelines) committed = commit(connection, mostMs);
      await Promise.allSettled([rows, committed]);
      return await rows;
    };
    try {
      if (connection.pipelines) begun.catch(ignore);
      else await begun;
      const result = await work({ all, last });
      await (committed ?? commit(connection, mostMs));
      return result;
    } catch (error) {
      distrusted = !(await rollBack(connection, networkMs));
      // What does not answer is not asked again: that would take as long each time.
      if (committed !== null && connection.isLost() && !isOuthookError(error)) {
        throw new Gone("the connection was lost", { cause: error, maybeDone: true });
      }
      await begun;
      throw error;
    } finally {
      connection.giveBack({ distrusted });
    }
  };

  /** Again when it collided with another transaction, or never began. */
  const repeatedly = async <Result>(once: () => Promise<Result>): Promise<Result> => {
    let maybeDone = false;
    for (let round = 1; ; round += 1) {
      requireOpen();
      try {
        return await once();
      } catch (error) {
        const gone = error instanceof Gone;
        if (gone) maybeDone ||= error.maybeDone;
        if (round === mostRounds || !(gone || isCollision(error))) {
          const cause = gone ? error.cause : error;
          throw maybeDone && cause instanceof Error ? unconfirmedFailure(cause) : failureOf(cause);
        }
        if (!gone) await pause(random() * 10 * 2 ** round);
      }
    }
  };

  const requireMigrated = async (): Promise<void> => {
    if (migrated) return;
    await repeatedly(() => glanceOnce(({ perform }) => perform(migrations.check())));
    migrated = true;
  };

  return {
    glance: async (work) => {
      await requireMigrated();
      return await repeatedly(() => glanceOnce(work));
    },
    read: async (work) => {
      await requireMigrated();
      return await repeatedly(() => transact(read, work));
    },
    write: async (work, options) => {
      await requireMigrated();
      const { lockWaitMs: shorter = lockWaitMs } = options ?? {};
      const kind = shorter < lockWaitMs ? writeWithin(shorter) : write;
      return await repeatedly(() => transact(kind, work));
    },
    writeSwiftly: async (work) => {
      await requireMigrated();
      return await repeatedly(() => transactSwiftly(work));
    },
    migrate: async (work) => {
      for (let waitedMs = 0; waitedMs <= lockWaitMs; waitedMs += migrationPauseMs) {
        const result = await repeatedly(() =>
          transact(migrate, async (session) => {
            const [lock] = await session.all(lockMigrations, [schema]);
            return lock?.taken === true ? { of: await work(session) } : null;
          }),
        );
        if (result !== null) return result.of;
        await pause(migrationPauseMs);
      }
      throw migratingFailure(lockWaitMs);
    },
    alone: async (work) => await glanceOnce(work, migrate.mostMs),
    requireOpen,
    close: () => {
      closed = true;
    },
  };
}

/** Runs what a connection is taken for. */
async function first(connection: Connection, query: PostgresQuery, mostMs: number): Promise<readonly unknown[]> {
  try {
    return await connection.run(query, mostMs);
  } catch (error) {
    if (isOuthookError(error) || !connection.isLost()) throw error;
    throw new Gone("the connection had ended in the pool", { cause: error, maybeDone: false });
  }
}

async function commit(connection: Connection, mostMs: number): Promise<void> {
  try {
    await connection.run({ text: "commit" }, mostMs);
  } catch (error) {
    if (isOuthookError(error) || !(error instanceof Error) || !connection.isLost()) throw error;
    throw unconfirmedFailure(error);
  }
}

/** False when the connection is not to be used again. */
async function rollBack(connection: Connection, mostMs: number): Promise<boolean> {
  if (connection.isLost()) return false;
  try {
    await connection.run({ text: "rollback" }, mostMs);
    return true;
  } catch {
    return false;
  }
}

/** What became of it is asked for later. */
function ignore(): void {}

function instantOf(row: unknown): number {
  if (typeof row === "object" && row !== null && "now" in row && typeof row.now === "number") return row.now;
  throw new TypeError("the database did not say what time it is");
}
