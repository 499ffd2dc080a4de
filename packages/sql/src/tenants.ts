import { sql } from "kysely";
import type { QueryBuilder } from "./dialect.ts";
import type { Steps } from "./steps.ts";
import { rowsOf } from "./steps.ts";

/** The tenants' revisions, raised by every write to their endpoints. */
export type TenantSteps = {
  /** Makes the tenant's row and locks it, so that what is read next cannot change before it is written. */
  readonly lock: (tenant: string) => Steps<void>;
  readonly raise: (tenant: string) => Steps<void>;
  readonly revisions: (tenants: readonly string[]) => Steps<ReadonlyMap<string, number>>;
};

export function tenantSteps({ dialect, db, query, inList }: QueryBuilder): TenantSteps {
  const lock = query((p: { readonly tenant: string }) =>
    db
      .insertInto("outhook_tenants")
      .values({ tenant: p.tenant, revision: sql.lit(0) })
      .onConflict((conflict) => conflict.column("tenant").doUpdateSet({ tenant: (row) => row.ref("excluded.tenant") })),
  );
  const raise = query((p: { readonly tenant: string }) =>
    db
      .insertInto("outhook_tenants")
      .values({ tenant: p.tenant, revision: sql.lit(1) })
      .onConflict((conflict) =>
        conflict.column("tenant").doUpdateSet((row) => ({
          revision: row("outhook_tenants.revision", "+", sql.lit(1)),
        })),
      ),
  );
  // A locked tenant whose first endpoint was refused has a row, but was never written.
  const revisions = query((p: { readonly tenants: readonly string[] }) =>
    db
      .selectFrom("outhook_tenants")
      .select(["tenant", "revision"])
      .where(inList("tenant", p.tenants))
      .where("revision", ">", sql.lit(0)),
  );

  return {
    *lock(tenant) {
      // A write transaction of SQLite is alone from its beginning.
      if (dialect === "postgres") yield* rowsOf(lock, { tenant });
    },
    *raise(tenant) {
      yield* rowsOf(raise, { tenant });
    },
    *revisions(tenants) {
      const rows = yield* rowsOf(revisions, { tenants });
      return new Map(rows.map((row) => [row.tenant, row.revision]));
    },
  };
}
