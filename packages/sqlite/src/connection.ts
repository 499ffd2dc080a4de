import type { MigrationSteps } from "@outhook/sql";
import type BetterSqlite3 from "better-sqlite3";
import type { Checkpoints } from "./checkpoint.ts";
import { createCheckpoints } from "./checkpoint.ts";
import { loadDriver } from "./driver.ts";
import { closedStore } from "./failures.ts";
import { openDatabase } from "./open.ts";
import type { Session, Statement } from "./session.ts";
import { createSession } from "./session.ts";
import type { Step } from "./shared-commit.ts";
import type { Opened, Turns } from "./turns.ts";
import { createTurns } from "./turns.ts";

/**
 * The store's own connection, opened at the first call.
 *
 * Work runs without giving way, so that no other call gets between. What is asked for at the same time shares one
 * transaction and its commit, but fails alone.
 */
export type Connection = {
  /** Runs `work` on one snapshot. */
  readonly read: <Result>(work: (session: Session) => Result) => Promise<Result>;
  /** Runs `work` under the write lock, all or nothing, durable when the promise resolves. */
  readonly write: <Result>(work: (session: Session) => Result) => Promise<Result>;
  /** As `write`, also when migrations are missing. */
  readonly migrate: <Result>(work: (session: Session) => Result) => Promise<Result>;
  /** SQLite's `data_version`, another one when other connections have written; `null` while it cannot be read. */
  readonly version: () => number | null;
  /** Runs what was asked for before; what would have to wait for a lock throws `stopped`, as does all that comes later. */
  readonly close: () => Promise<void>;
};

const dataVersion: Statement<readonly [version: number]> = { sql: "pragma data_version" };

export function createConnection(input: {
  readonly path: string;
  /** How long a call waits for a lock before it throws `store_busy`. */
  readonly lockWaitMs: number;
  readonly migrations: Pick<MigrationSteps, "check">;
  readonly monotonic: () => number;
  /** 0 … 1. */
  readonly random: () => number;
}): Connection {
  const { path, migrations, monotonic } = input;
  let loading: Promise<Turns> | undefined;
  let turns: Turns | undefined;
  let opened: (Opened & { readonly checkpoints: Checkpoints }) | undefined;
  let migrated = false;
  let closed = false;

  const load = async (): Promise<Turns> => {
    try {
      const handle = await loadDriver(process.versions.node);
      return createTurns({ ...input, open: () => (opened ??= prepare(openDatabase(handle, path))) });
    } catch (error) {
      loading = undefined;
      throw error;
    }
  };

  const requireMigrated = (session: Session): void => {
    if (migrated) return;
    session.perform(migrations.check());
    migrated = true;
  };

  const ask = async <Result>(kind: Step["kind"], work: (session: Session) => Result): Promise<Result> => {
    if (closed) throw closedStore(path);
    const askedAt = monotonic();
    const { add } = (turns ??= await (loading ??= load()));
    return await new Promise<Result>((resolve, reject) => {
      add({
        kind,
        work: (session) => {
          const result = work(session);
          return () => resolve(result);
        },
        reject,
        askedAt,
      });
    });
  };

  const whenMigrated =
    <Result>(work: (session: Session) => Result) =>
    (session: Session): Result => {
      requireMigrated(session);
      return work(session);
    };

  return {
    read: (work) => ask("read", whenMigrated(work)),
    write: (work) => ask("write", whenMigrated(work)),
    migrate: (work) => ask("write", work),
    version: () => {
      try {
        return opened?.session.get(dataVersion)?.[0] ?? null;
      } catch {
        // What is wrong with the file is said to those who ask for something.
        return null;
      }
    },
    close: async () => {
      closed = true;
      await loading?.catch(() => undefined);
      turns?.end();
      opened?.checkpoints.stop();
      opened?.db.close();
      opened = undefined;
    },
  };
}

function prepare(db: BetterSqlite3.Database): Opened & { readonly checkpoints: Checkpoints } {
  const checkpoints = createCheckpoints(db);
  return { db, session: createSession(db), checkpoints, afterCommit: checkpoints.afterCommit };
}
