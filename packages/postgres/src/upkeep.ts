import type { UpkeepStore } from "@outhook/core";
import { OuthookError } from "@outhook/core/for-stores";
import type { HeartbeatSteps, MigrationSteps, Steps } from "@outhook/sql";
import type { Clock } from "./clock.ts";
import { timeIn } from "./clock.ts";
import type { Reader, Session, Statement } from "./session.ts";
import { quoted } from "./tables.ts";
import type { Transactions } from "./transactions.ts";

type Work = {
  readonly migrations: MigrationSteps;
  readonly heartbeats: HeartbeatSteps;
  readonly schema: string;
  readonly clock: Clock;
};

const findSchema: Statement<{ readonly found: number }> = {
  sql: "select 1 as found from pg_catalog.pg_namespace where nspname = $1",
};

const findEncoding: Statement<{ readonly encoding: string }> = {
  sql: "select pg_catalog.current_setting('server_encoding') as encoding",
};

/** In another one a receiver's answer that it cannot hold would never be written down, and be asked for again and again. */
function requireUtf8(encoding: string | undefined): void {
  if (encoding === "UTF8") return;
  throw new OuthookError("invalid_options", `the database has the encoding ${encoding}, which cannot hold every text`, {
    hint: "give the store one with UTF8: create database … template template0 encoding 'UTF8'",
  });
}

/** Migrations, identity and heartbeats, by the work that both databases share. */
export function postgresUpkeep(transactions: Transactions, work: Work): UpkeepStore {
  const { glance, write, migrate, alone } = transactions;

  /** Statements that no transaction may hold run on another connection, while this transaction keeps the lock. */
  const performApart = async <Result>(session: Session, steps: Steps<Result>): Promise<Result> => {
    let step = steps.next([]);
    while (step.done !== true) {
      const { sql, parameters, alone: apart } = step.value;
      const run = ({ all }: Reader) => all({ sql }, parameters);
      step = steps.next(await (apart === true ? alone(run) : run(session)));
    }
    return step.value;
  };

  const { migrations, heartbeats, schema, clock } = work;
  return {
    migrate: async (input) => {
      await migrate(async ({ all }) => {
        const [found] = await all(findEncoding, []);
        requireUtf8(found?.encoding);
        // Not `if not exists`, which asks for the right to create schemas also when there is nothing to create.
        if ((await all(findSchema, [schema])).length === 0) await all({ sql: `create schema ${quoted(schema)}` }, []);
      });
      const applied: string[] = [];
      for (;;) {
        const id = await migrate((session) =>
          performApart(session, migrations.next(timeIn(session, clock, undefined))),
        );
        if (id === null) break;
        applied.push(id);
      }
      await write(({ perform }) => perform(migrations.identify(input)));
      return applied;
    },

    identity: async () => await glance(({ perform }) => perform(migrations.identity())),

    heartbeat: async ({ dispatcherId, ttlMs, now }) =>
      await write((session) => {
        const at = timeIn(session, clock, now);
        return session.perform(heartbeats.beat({ id: dispatcherId, expiresAt: at + ttlMs, now: at }));
      }),

    retire: async ({ dispatcherId }) => await write(({ perform }) => perform(heartbeats.retire(dispatcherId))),
  };
}
