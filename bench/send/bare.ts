import BetterSqlite3 from "better-sqlite3";
import pg from "pg";
import type { NewMessage } from "../../packages/core/src/store/messages.ts";
import type { Location } from "../stores.ts";
import { requireFull, tableOf } from "../stores.ts";

/** The rows of messages, written by hand: one transaction for each batch. */
export type BareInserts = {
  readonly insert: (batch: readonly NewMessage[]) => Promise<void>;
  readonly close: () => Promise<void>;
};

const columns = "(partition, id, tenant, type, created_at, idempotency_key, payload_hash, body, fanned_out)";

export async function openBareInserts(location: Location): Promise<BareInserts> {
  return location.kind === "sqlite" ? onSqlite(location) : await onPostgres(location);
}

function onSqlite(location: Extract<Location, { readonly kind: "sqlite" }>): BareInserts {
  const db = new BetterSqlite3(location.path);
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  requireFull(db);
  const statement = db.prepare(
    `insert into ${tableOf(location, "messages")} ${columns} values (?, ?, ?, ?, ?, ?, ?, ?, 0)`,
  );
  const insertAll = db.transaction((batch: readonly NewMessage[]) => {
    for (const message of batch) statement.run(...valuesOf(message));
  });
  return { insert: async (batch) => insertAll.immediate(batch), close: async () => void db.close() };
}

async function onPostgres(location: Extract<Location, { readonly kind: "postgres" }>): Promise<BareInserts> {
  const client = new pg.Client({ connectionString: location.url });
  await client.connect();
  const text = `insert into ${tableOf(location, "messages")} ${columns}
select *, 0 from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[])`;
  return {
    insert: async (batch) => {
      const rows = batch.map(valuesOf);
      const values = Array.from({ length: 8 }, (_, column) => rows.map((row) => row[column]));
      await client.query({ name: "bare", text, values });
    },
    close: () => client.end(),
  };
}

/** In the order of `columns`. */
function valuesOf(message: NewMessage): readonly (string | number | null)[] {
  const { partition, id, tenant, type, createdAt, idempotencyKey, payloadHash, body } = message;
  return [partition, id, tenant, type, createdAt, idempotencyKey, payloadHash, body];
}
