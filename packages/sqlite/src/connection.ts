import { OuthookError } from "@outhook/core";
import type { MigrationSteps } from "@outhook/sql";
import type BetterSqlite3 from "better-sqlite3";
import { setTimeout as pause } from "node:timers/promises";
import type { Checkpoints } from "./checkpoint.ts";
import { createCheckpoints } from "./checkpoint.ts";
import type { OpenHandle } from "./driver.ts";
import { loadDriver } from "./driver.ts";
import { busyFailure, failureOf, isBusy } from "./failures.ts";
import { openDatabase } from "./open.ts";
import type { Session } from "./session.ts";
import { createSession } from "./session.ts";

/**
 * The store's own connection, opened at the first call.
 *
 * A transaction runs from begin to commit without giving way, so that no other call of this connection gets between; what
 * waits for a lock of another connection waits outside, without blocking the event loop, and then runs from its beginning.
 */
export type Connection = {
  /** Runs `work` on one snapshot. */
  readonly read: <Result>(work: (session: Session) => Result) => Promise<Result>;
  /** Runs `work` under the write lock, all or nothing, durable when the promise resolves. */
  readonly write: <Result>(work: (session: Session) => Result) => Promise<Result>;
  /** As `write`, also when migrations are missing. */
  readonly migrate: <Result>(work: (session: Session) => Result) => Promise<Result>;
  /** Throws `stopped` after `close`. */
  readonly requireOpen: () => void;
  readonly close: () => Promise<void>;
};

const longestPauseMs = 25;

export function createConnection(input: {
  readonly path: string;
  /** How long a call waits for a lock before it throws `store_busy`. */
  readonly lockWaitMs: number;
  readonly migrations: Pick<MigrationSteps, "check">;
  readonly monotonic: () => number;
  /** 0 … 1. */
  readonly random: () => number;
}): Connection {
  const { path, lockWaitMs, migrations, monotonic, random } = input;
  let openHandle: OpenHandle | undefined;
  let opened: Opened | undefined;
  let migrated = false;
  let closed = false;

  const requireOpen = (): void => {
    if (closed) throw new OuthookError("stopped", `the store on ${path} is closed: create a new one`);
  };

  /** Runs `work` at once, and again after a pause for as long as another connection is in the way. */
  const patiently = async <Result>(work: (at: Opened) => Result): Promise<Result> => {
    requireOpen();
    openHandle ??= await loadDriver(process.versions.node);
    const startedAt = monotonic();
    for (let longest = 1; ; longest = Math.min(longest * 2, longestPauseMs)) {
      requireOpen();
      try {
        opened ??= prepare(openDatabase(openHandle, path));
        return work(opened);
      } catch (error) {
        if (!isBusy(error)) throw failureOf(error, path);
        const waitedMs = Math.round(monotonic() - startedAt);
        if (waitedMs >= lockWaitMs) throw busyFailure(path, waitedMs, error);
      }
      await pause(1 + random() * (longest - 1));
    }
  };

  const requireMigrated = (session: Session): void => {
    if (migrated) return;
    session.perform(migrations.check());
    migrated = true;
  };

  return {
    read: (work) =>
      patiently(({ session, transact }) => {
        requireMigrated(session);
        return transact("begin", () => work(session));
      }),
    write: (work) =>
      patiently(({ session, transact, checkpoints }) => {
        requireMigrated(session);
        const result = transact("begin immediate", () => work(session));
        checkpoints.afterCommit();
        return result;
      }),
    migrate: (work) => patiently(({ session, transact }) => transact("begin immediate", () => work(session))),
    requireOpen,
    close: async () => {
      closed = true;
      opened?.checkpoints.stop();
      opened?.db.close();
      opened = undefined;
    },
  };
}

type Opened = {
  readonly db: BetterSqlite3.Database;
  readonly session: Session;
  readonly checkpoints: Checkpoints;
  /** Runs `work` from beginning to commit, or to rollback when it throws. */
  readonly transact: <Result>(begin: "begin" | "begin immediate", work: () => Result) => Result;
};

function prepare(db: BetterSqlite3.Database): Opened {
  const session = createSession(db);
  return {
    db,
    session,
    checkpoints: createCheckpoints(db),
    transact: (begin, work) => {
      session.run({ sql: begin });
      try {
        const result = work();
        session.run({ sql: "commit" });
        return result;
      } finally {
        if (db.inTransaction) session.run({ sql: "rollback" });
      }
    },
  };
}
