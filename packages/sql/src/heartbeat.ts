import type { QueryBuilder } from "./dialect.ts";
import type { Steps } from "./steps.ts";
import { rowsOf } from "./steps.ts";

/** Dispatchers telling of each other. */
export type HeartbeatSteps = {
  /** Says that a dispatcher lives until `expiresAt` and returns all that live. */
  readonly beat: (input: {
    readonly id: string;
    readonly expiresAt: number;
    readonly now: number;
  }) => Steps<readonly string[]>;
  readonly retire: (id: string) => Steps<void>;
};

export function heartbeatSteps({ db, dialect, query }: QueryBuilder): HeartbeatSteps {
  const beat = query((p: { readonly id: string; readonly expiresAt: number }) =>
    db
      .insertInto("outhook_dispatchers")
      .values({ id: p.id, expires_at: p.expiresAt })
      .onConflict((conflict) =>
        conflict.column("id").doUpdateSet({ expires_at: (row) => row.ref("excluded.expires_at") }),
      ),
  );
  const forget = query((p: { readonly now: number }) => {
    const over = db.selectFrom("outhook_dispatchers").select("id").where("expires_at", "<=", p.now);
    // After an outage all are over and all come back at once; waiting for each other's rows they would be in a deadlock.
    const free = dialect === "postgres" ? over.forUpdate().skipLocked() : over;
    return db.deleteFrom("outhook_dispatchers").where("id", "in", free);
  });
  const alive = query(() => db.selectFrom("outhook_dispatchers").select("id"));
  const retire = query((p: { readonly id: string }) => db.deleteFrom("outhook_dispatchers").where("id", "=", p.id));

  return {
    *beat({ id, expiresAt, now }) {
      yield* rowsOf(beat, { id, expiresAt });
      yield* rowsOf(forget, { now });
      return (yield* rowsOf(alive, {})).map((row) => row.id);
    },
    *retire(id) {
      yield* rowsOf(retire, { id });
    },
  };
}
