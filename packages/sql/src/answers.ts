import type { SecretStore, StoredAnswer } from "@outhook/core";
import { sql } from "kysely";
import type { AnswerTable } from "./database.ts";
import type { QueryBuilder } from "./dialect.ts";
import { answerColumns, fromAnswer, toAnswer } from "./rows.ts";
import type { Steps } from "./steps.ts";
import { firstOf, rowsOf } from "./steps.ts";

type AnswerName = Parameters<SecretStore["keptAnswer"]>[0];

/** Most expired answers that are removed when one is written. */
const removedAtOnce = 100;

/** What requests under idempotency keys were answered. Whoever writes one has locked its tenant before. */
export type AnswerSteps = {
  /** The answer of that name, unless it has expired at `now`. */
  readonly find: (name: AnswerName) => Steps<StoredAnswer | null>;
  /** True when there is an answer of that name already; false without one to look for. */
  readonly isAnswered: (answer: StoredAnswer | undefined) => Steps<boolean>;
  /** Writes an answer, over an expired one too, and removes others that have expired: they hold sealed secrets. */
  readonly keep: (answer: StoredAnswer | undefined) => Steps<void>;
};

export function answerSteps(builder: QueryBuilder): AnswerSteps {
  const queries = answerQueries(builder);

  function* find(name: AnswerName): Steps<StoredAnswer | null> {
    const row = yield* firstOf(queries.find, name);
    return row === null ? null : toAnswer(row);
  }

  return {
    find,
    *isAnswered(answer) {
      return answer !== undefined && (yield* find({ ...answer, now: answer.createdAt })) !== null;
    },
    *keep(answer) {
      if (answer === undefined) return;
      yield* rowsOf(queries.write, fromAnswer(answer));
      yield* rowsOf(queries.removeExpired, { now: answer.createdAt });
    },
  };
}

function answerQueries({ db, dialect, query }: QueryBuilder) {
  return {
    find: query((p: AnswerName) =>
      db
        .selectFrom("outhook_answers")
        .select(answerColumns)
        .where("tenant", "=", p.tenant)
        .where("scope", "=", p.scope)
        .where("key", "=", p.key)
        .where("expires_at", ">", p.now),
    ),
    write: query(
      (p: AnswerTable) =>
        db
          .insertInto("outhook_answers")
          .values(p)
          .onConflict((conflict) =>
            conflict.columns(["tenant", "scope", "key"]).doUpdateSet((row) => ({
              fingerprint: row.ref("excluded.fingerprint"),
              sealed: row.ref("excluded.sealed"),
              key_id: row.ref("excluded.key_id"),
              created_at: row.ref("excluded.created_at"),
              expires_at: row.ref("excluded.expires_at"),
            })),
          ),
      answerColumns,
    ),
    removeExpired: query((p: { readonly now: number }) => {
      const expired = db
        .selectFrom("outhook_answers")
        .select(["tenant", "scope", "key"])
        .where("expires_at", "<=", p.now)
        .limit(sql.lit(removedAtOnce));
      // Those that another transaction is removing or replacing are its own; waiting for it could be a deadlock.
      const free = dialect === "postgres" ? expired.forUpdate().skipLocked() : expired;
      return db
        .deleteFrom("outhook_answers")
        .where((row) => row(row.refTuple("tenant", "scope", "key"), "in", free.$asTuple("tenant", "scope", "key")));
    }),
  };
}
