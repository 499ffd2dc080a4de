import type { Store } from "@outhook/core";
import type pg from "pg";
import { describe, expect, it, onTestFinished } from "vitest";
import { runOn, useDatabase } from "./fixtures/database.ts";
import { idOf } from "./fixtures/rows.ts";

const database = useDatabase();
const hour = 3_600_000;

function insert(store: Store, n: number, at: number, tenant: string): Promise<string> {
  const id = idOf("we_", n);
  return store.endpoints.insert({
    endpoint: {
      id,
      tenant,
      url: "https://example.com/hooks",
      events: ["*"],
      description: null,
      status: "active",
      disabledReason: null,
      timeoutSeconds: 15,
      maxRetries: null,
      rateLimit: null,
      signingVersion: "v1",
      secretHint: "whsec_…0000",
      publicKey: null,
      metadata: {},
      headerNames: [],
      sealedHeaders: null,
      lastVerifiedAt: null,
      createdAt: at,
      updatedAt: at,
    },
    secret: { id: idOf("sec_", n), sealed: "sealed", createdAt: at, expiresAt: null },
    limit: 100,
    answer: {
      tenant,
      scope: "endpoints.create",
      key: "key",
      fingerprint: "",
      sealed: `answer ${n}`,
      createdAt: at,
      expiresAt: at + hour,
    },
  });
}

/** A transaction in which somebody's removal of expired answers has just run. */
async function removing(pool: pg.Pool, schema: string): Promise<pg.PoolClient> {
  const client = await pool.connect();
  onTestFinished(() => client.release(true));
  await client.query(`begin; set local search_path = "${schema.replaceAll('"', '""')}"`);
  const { rowCount } = await client.query("delete from outhook_answers where expires_at <= $1", [3 * hour]);
  expect(rowCount).toBe(1);
  return client;
}

describe("expired answers that another tenant's request is removing", () => {
  it("keep nobody else waiting who removes some as well", async () => {
    const pool = database.openPool();
    const schema = database.newSchema();
    const store = await database.openStore({ pool, schema, lockWaitMs: 500 });
    await insert(store, 1, 0, "acme");
    const removal = await removing(pool, schema);
    expect(await insert(store, 2, 3 * hour, "globex")).toBe("inserted");
    await removal.query("rollback");
  });

  it.each([{ end: "commit" }, { end: "rollback" }])(
    "are replaced by their own tenant after its $end",
    async ({ end }) => {
      const pool = database.openPool();
      const schema = database.newSchema();
      const store = await database.openStore({ pool, schema });
      await insert(store, 1, 0, "acme");
      const removal = await removing(pool, schema);
      const replacing = insert(store, 2, 3 * hour, "acme");
      const waits = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
      await expect.poll(() => runOn(database.url(), waits)).toHaveLength(1);
      await removal.query(end);
      expect(await replacing).toBe("inserted");
      const named = { tenant: "acme", scope: "endpoints.create", key: "key", now: 3 * hour };
      expect(await store.secrets.keptAnswer(named)).toMatchObject({ sealed: "answer 2" });
    },
  );
});
