import { randomBytes, randomUUID } from "node:crypto";
import Database from "better-sqlite3";

/** What a team would write by hand for its endpoints: prepared statements on the same tables, checked by nothing. */
export type BareRows = {
  readonly get: (tenant: string, id: string) => unknown;
  readonly list: (tenant: string, limit: number) => unknown;
  readonly create: (tenant: string, body: Body) => unknown;
  readonly update: (tenant: string, id: string, body: Body) => unknown;
};

export type Body = { readonly url?: string; readonly events?: readonly string[]; readonly description?: string };

type Row = Record<string, string | number | null>;

/** Opens the file as durably as Outhook's store does. */
export function openRows(path: string): BareRows {
  const db = new Database(path);
  db.pragma("journal_mode = wal");
  db.pragma("synchronous = full");
  const columns = "e.*, h.consecutive_failures, h.failing_since, h.last_delivery_at, h.last_success_at, h.last_error";
  const from = "from outhook_endpoints e left join outhook_health h on h.endpoint_id = e.id";
  const one = db.prepare<[string, string], Row>(`select ${columns} ${from} where e.tenant = ? and e.id = ?`);
  const page = db.prepare<[string, number], Row>(
    `select ${columns} ${from} where e.tenant = ? order by e.id desc limit ?`,
  );
  const insert = db.prepare(
    `insert into outhook_endpoints (tenant, id, url, events, description, status, timeout_seconds, signing_version,
       secret_hint, metadata, header_names, created_at, updated_at)
     values (?, ?, ?, ?, ?, 'active', 15, 'v1', ?, '{}', '[]', ?, ?)`,
  );
  const insertSecret = db.prepare(
    "insert into outhook_secrets (tenant, endpoint_id, id, sealed, key_id, created_at) values (?, ?, ?, ?, 'plaintext', ?)",
  );
  const raise = db.prepare(
    "insert into outhook_tenants values (?, 1) on conflict do update set revision = revision + 1",
  );
  const update = db.prepare("update outhook_endpoints set description = ?, updated_at = ? where tenant = ? and id = ?");
  const get = (tenant: string, id: string): unknown => viewOf(one.get(tenant, id));

  return {
    get,
    list: (tenant, limit) => {
      const rows = page.all(tenant, limit + 1);
      return { data: rows.slice(0, limit).map(viewOf), has_more: rows.length > limit };
    },
    create: (tenant, { url = "", events = ["*"], description = null }) => {
      const id = `ep_${randomUUID().replaceAll("-", "")}`;
      const secret = `whsec_${randomBytes(32).toString("base64")}`;
      const now = Date.now();
      db.transaction(() => {
        const hint = `whsec_…${secret.slice(-4)}`;
        insert.run(tenant, id, url, JSON.stringify(events), description, hint, now, now);
        insertSecret.run(tenant, id, randomUUID(), `plain.${secret}`, now);
        raise.run(tenant);
      }).immediate();
      return { ...Object(get(tenant, id)), secret };
    },
    update: (tenant, id, { description }) => {
      db.transaction(() => {
        update.run(description, Date.now(), tenant, id);
        raise.run(tenant);
      }).immediate();
      return get(tenant, id);
    },
  };
}

function viewOf(row: Row | undefined): unknown {
  if (row === undefined) return null;
  return {
    id: row["id"],
    url: row["url"],
    events: JSON.parse(String(row["events"])),
    description: row["description"],
    status: row["status"],
    disabled_reason: row["disabled_reason"],
    headers: JSON.parse(String(row["header_names"])),
    timeout_seconds: row["timeout_seconds"],
    max_retries: row["max_retries"],
    rate_limit: null,
    metadata: JSON.parse(String(row["metadata"])),
    secret_hint: row["secret_hint"],
    signing_version: row["signing_version"],
    public_key: row["public_key"],
    consecutive_failures: row["consecutive_failures"] ?? 0,
    failing_since: iso(row["failing_since"]),
    last_delivery_at: iso(row["last_delivery_at"]),
    last_success_at: iso(row["last_success_at"]),
    last_error: row["last_error"],
    last_verified_at: null,
    created_at: iso(row["created_at"]),
    updated_at: iso(row["updated_at"]),
  };
}

function iso(at: unknown): string | null {
  return typeof at === "number" ? new Date(at).toISOString() : null;
}
