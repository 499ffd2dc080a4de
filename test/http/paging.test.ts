import { createOuthook, newId } from "@outhook/core";
import { createListener } from "@outhook/core/node";
import { sqliteStore } from "@outhook/sqlite";
import { startServer } from "@outhook/testkit";
import Database from "better-sqlite3";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";

const count = 10_000;
const pageSize = 100;
const url = "https://hooks.example.com/";

type Page = { readonly data: readonly { readonly id: string }[]; readonly has_more: boolean };

it(`lists ${count} endpoints while others come and go, missing none and showing none twice`, async () => {
  await withApi(async ({ endpoints, ids }) => {
    const seen: string[] = [];
    const gone = new Set<string>();
    const remove = async (id = ""): Promise<void> => {
      const { status } = await fetch(`${endpoints}/${id}`, { method: "DELETE" });
      expect(status).toBe(gone.has(id) ? 404 : 204);
      gone.add(id);
    };
    for (let path = `?limit=${pageSize}`; path !== "";) {
      const page = (await (await fetch(endpoints + path)).json()) as Page;
      const shown = page.data.map(({ id }) => id);
      seen.push(...shown);
      path = page.has_more ? `?limit=${pageSize}&starting_after=${shown.at(-1)}` : "";
      // One comes; one that was shown and one that was not go, and every fifth time the cursor's own.
      const headers = { "content-type": "application/json" };
      const added = await fetch(endpoints, { method: "POST", headers, body: JSON.stringify({ url }) });
      expect(added.status).toBe(201);
      await remove(shown[Math.floor(shown.length / 2)]);
      await remove(ids[seen.length % 4_999]);
      if (seen.length % (5 * pageSize) === 0) await remove(shown.at(-1));
    }
    const shown = new Set(seen);
    expect(seen).toHaveLength(shown.size);
    expect(ids.filter((id) => !shown.has(id) && !gone.has(id))).toEqual([]);
    expect(seen).toEqual(seen.toSorted().toReversed());
    expect(gone.size).toBeGreaterThan(150);
  });
}, 60_000);

/** Serves a database with so many endpoints on SQLite. `endpoints` is their URL, `ids` are theirs, oldest first. */
async function withApi(
  run: (api: { readonly endpoints: string; readonly ids: readonly string[] }) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "outhook-"));
  const path = join(folder, "outhook.db");
  const limits = { endpointsPerTenant: 2 * count };
  const outhook = createOuthook({ store: sqliteStore({ path }), secretKeys: "plaintext", limits });
  await outhook.migrate();
  const authenticate = () => ({ tenant: "acme", can: "manage" }) as const;
  const server = await startServer(createListener(outhook, { authenticate }));
  try {
    const { endpoint } = await outhook.tenant("acme").endpoints.create({ url });
    await run({ endpoints: `${server.url}/endpoints`, ids: [endpoint.id, ...copies(path, endpoint.id)] });
  } finally {
    await server.close();
    await outhook.close();
    await rm(folder, { recursive: true });
  }
}

/** Writes copies of an endpoint in one transaction: creating them one by one would take ten seconds. */
function copies(path: string, id: string): readonly string[] {
  const database = new Database(path, { timeout: 5_000 });
  const row = Object(database.prepare("select * from outhook_endpoints where id = ?").get(id));
  const columns = Object.keys(row);
  const values = columns.map((name) => `@${name}`).join(", ");
  const insert = database.prepare(`insert into outhook_endpoints (${columns.join(", ")}) values (${values})`);
  const ids = Array.from({ length: count - 1 }, () => newId("ep_"));
  database.transaction(() => ids.map((one) => insert.run({ ...row, id: one })))();
  database.close();
  return ids;
}
