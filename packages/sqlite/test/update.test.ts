import Database from "better-sqlite3";
import { expect, it } from "vitest";
import { databaseFile, openStore } from "./fixtures/database-file.ts";
import { endpointId, endpointRow } from "./fixtures/rows.ts";

it("an update of an endpoint that somebody changes at the same time changes what that one left", async () => {
  const path = await databaseFile();
  const store = await openStore({ path });
  const endpoint = { ...endpointRow, id: endpointId(1), tenant: "acme", metadata: { plan: "gold" } };
  const secret = { id: "sec_1", sealed: "…", createdAt: 1, expiresAt: null };
  await store.endpoints.insert({ endpoint, secret, limit: 1 });
  const seen: (string | null)[] = [];
  const updated = await store.endpoints.update({
    tenant: "acme",
    id: endpoint.id,
    change: (before) => {
      seen.push(before.description);
      if (seen.length === 1) {
        const other = new Database(path);
        other.exec("update outhook_endpoints set description = 'by another'");
        other.close();
      }
      return { ...before, updatedAt: 2 };
    },
  });
  expect(seen).toEqual([null, "by another"]);
  expect(updated).toEqual({ ...endpoint, description: "by another", updatedAt: 2 });
  expect(await store.endpoints.revisions({ tenants: ["acme"] })).toEqual(new Map([["acme", 2]]));
});
