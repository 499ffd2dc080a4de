import type BetterSqlite3 from "better-sqlite3";
import type { Session } from "./session.ts";

/** What a call wants of the database. It may be run more than once: only what it was run with last stands. */
export type Step = {
  readonly kind: "read" | "write";
  /** Returns what tells the caller, once all is durable. */
  readonly work: (session: Session) => () => void;
  readonly reject: (error: unknown) => void;
  /** When it was asked for, on the monotonic clock. */
  readonly askedAt: number;
};

/** After so long no further step joins a transaction: those that wait next want their turn too. */
const joinMs = 8;

type Place = {
  readonly db: BetterSqlite3.Database;
  readonly session: Session;
  readonly monotonic: () => number;
  readonly fail: (step: Step, error: unknown) => void;
};

/**
 * Runs steps in order, to one commit. Those that write fail alone: each has a savepoint. Returns those that did not get
 * their turn, and throws only when nothing could begin; then nothing was run.
 */
export function runShared(steps: readonly Step[], place: Place): readonly Step[] {
  const { db, session } = place;
  session.run({ sql: steps.some(isWrite) ? "begin immediate" : "begin" });
  try {
    return runBegun(steps, place);
  } finally {
    if (db.inTransaction) session.run({ sql: "rollback" });
  }
}

function runBegun(steps: readonly Step[], place: Place): readonly Step[] {
  const { db, monotonic, fail } = place;
  const joinUntil = monotonic() + joinMs;
  const endings: (() => void)[] = [];
  for (const step of steps) {
    if (endings.length > 0 && monotonic() >= joinUntil) break;
    try {
      endings.push(steps.length > 1 && isWrite(step) ? guarded(place, step) : step.work(place.session));
    } catch (error) {
      if (steps.length > 1 && db.inTransaction) {
        endings.push(() => fail(step, error));
        continue;
      }
      // It was alone, or SQLite has undone everything, as it does on a full disk: then the others run again, without it.
      fail(step, error);
      return steps.filter((other) => other !== step);
    }
  }
  const left = steps.slice(endings.length);
  try {
    place.session.run({ sql: "commit" });
  } catch (error) {
    for (const step of steps.slice(0, endings.length)) fail(step, error);
    return left;
  }
  for (const end of endings) end();
  return left;
}

/** Runs a step in a savepoint, to which all is undone when it throws. */
function guarded({ db, session }: Place, { work }: Step): () => void {
  session.run({ sql: "savepoint step" });
  try {
    const end = work(session);
    session.run({ sql: "release step" });
    return end;
  } catch (error) {
    if (db.inTransaction) {
      session.run({ sql: "rollback to step" });
      session.run({ sql: "release step" });
    }
    throw error;
  }
}

export function isWrite({ kind }: Step): boolean {
  return kind === "write";
}
