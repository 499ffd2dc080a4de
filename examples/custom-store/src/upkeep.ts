// oxlint-disable no-unused-expressions -- a template of `sql` is a call
import type { StoreIdentity, UpkeepStore } from "@outhook/core";
import { OuthookError } from "@outhook/core";
import type { Connection, Sql } from "./connection.ts";
import { tables } from "./schema.ts";

/** The version of the tables that this code knows. A change of them raises it, and adds a step to `migrate`. */
const newest = 1;

/** Migrations, identity and heartbeats. */
export function upkeep({ reads, writes, migrates }: Connection, clock: () => number): UpkeepStore {
  return {
    migrate: migrates((sql, { identity: { environment, partitions }, adopt }) => {
      if (sql.get`select 1 from sqlite_schema where name = 'outhook_meta'` === null) {
        sql.script(tables);
        sql.run`insert into outhook_meta values (${newest}, ${environment}, ${partitions})`;
        return ["0001_tables"];
      }
      checkVersion(sql);
      if (adopt) sql.run`update outhook_meta set environment = ${environment}`;
      return [];
    }),

    identity: reads((sql) => {
      checkVersion(sql);
      const identity = sql.get<StoreIdentity>`select environment, partitions from outhook_meta`;
      if (identity === null) throw new OuthookError("schema_pending", "outhook_meta is empty: run migrate()");
      return identity;
    }),

    heartbeat: writes((sql, { dispatcherId, ttlMs, now = clock() }) => {
      sql.run`insert or replace into outhook_dispatchers values (${dispatcherId}, ${now + ttlMs})`;
      sql.run`delete from outhook_dispatchers where endsAt <= ${now}`;
      return sql.all<{ id: string }>`select id from outhook_dispatchers`.map(({ id }) => id);
    }),

    retire: writes((sql, { dispatcherId }) => {
      sql.run`delete from outhook_dispatchers where id = ${dispatcherId}`;
    }),
  };
}

function checkVersion(sql: Sql): void {
  if (sql.get`select 1 from outhook_meta where version > ${newest}` === null) return;
  throw new OuthookError("schema_newer", `the tables are newer than version ${newest}: update the app, or stop it`);
}
