import type BetterSqlite3 from "better-sqlite3";

/** Pages of the write-ahead log from which on they are copied into the database: as many as SQLite itself takes. */
const pagesPerCheckpoint = 1_000;

/** Keeps the write-ahead log short, in turns of its own instead of at the end of somebody's commit, who so waits less. */
export type Checkpoints = {
  /** To be called after each commit, which stands whatever happens here: it throws nothing. */
  readonly afterCommit: () => void;
  readonly stop: () => void;
};

export function createCheckpoints(db: BetterSqlite3.Database): Checkpoints {
  const measure = db
    .prepare<[], readonly [busy: number, pages: number, copied: number]>("pragma wal_checkpoint(noop)")
    .raw();
  const copy = db.prepare("pragma wal_checkpoint(passive)");
  let planned: NodeJS.Immediate | undefined;

  const run = (): void => {
    planned = undefined;
    harmlessly(() => copy.all());
  };

  return {
    afterCommit: () => {
      if (planned !== undefined) return;
      harmlessly(() => {
        const [, pages, copied] = measure.get() ?? [0, 0, 0];
        if (pages - copied >= pagesPerCheckpoint) planned = setImmediate(run);
      });
    },
    stop: () => clearImmediate(planned),
  };
}

function harmlessly(work: () => void): void {
  try {
    work();
  } catch {
    // Everything is in the log and stays there; the next commit says what is wrong with the disk, if anything is.
  }
}
