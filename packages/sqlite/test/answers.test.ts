import type { StoredAnswer, StoredEndpoint } from "@outhook/core";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { databaseFile, openStore } from "./fixtures/database-file.ts";
import { endpointId, endpointRow } from "./fixtures/rows.ts";

const now = 1_000;

const endpoint: StoredEndpoint = { ...endpointRow, id: endpointId(1), tenant: "acme", createdAt: now, updatedAt: now };

const secret = { id: "sec_1", sealed: "…", createdAt: now, expiresAt: null };

const answer: StoredAnswer = {
  tenant: "acme",
  scope: "endpoints.create",
  key: "new",
  fingerprint: "…",
  sealed: "…",
  createdAt: now,
  expiresAt: now + 1,
};

/** Writes answers of another tenant by hand. */
function seed(path: string, rows: readonly { readonly key: string; readonly expiresAt: number }[]): void {
  const db = new Database(path);
  const insert = db.prepare("insert into outhook_answers values ('globex', 'endpoints.create', ?, '', '', '', 0, ?)");
  for (const { key, expiresAt } of rows) insert.run(key, expiresAt);
  db.close();
}

function keysIn(path: string): readonly unknown[] {
  const db = new Database(path, { readonly: true });
  const keys = db.prepare("select key from outhook_answers order by key").pluck().all();
  db.close();
  return keys;
}

describe("writing an answer", () => {
  it("removes expired ones, whose ever they are, a hundred at most, and leaves those still to be given", async () => {
    const path = await databaseFile();
    const store = await openStore({ path });
    const expired = Array.from({ length: 150 }, (_, n) => ({ key: `expired ${n}`, expiresAt: now - (n % 3) }));
    seed(path, [...expired, { key: "given", expiresAt: now + 1 }]);
    await store.endpoints.insert({ endpoint, secret, limit: 9, answer });
    expect(keysIn(path)).toHaveLength(52);

    const rotation = { tenant: "acme", id: endpoint.id, secretHint: "", publicKey: null, expireCurrentAt: null };
    const next = { ...answer, scope: "endpoints.rotateSecret" };
    const rotate = { ...rotation, secret: { ...secret, id: "sec_2" }, limit: 9, now };
    await store.secrets.rotate({ ...rotate, answer: next });
    expect(keysIn(path)).toEqual(["given", "new", "new"]);
  });

  it("is undone with the insert that fails", async () => {
    const path = await databaseFile();
    const store = await openStore({ path });
    await store.endpoints.insert({ endpoint, secret, limit: 9 });
    await expect(store.endpoints.insert({ endpoint, secret, limit: 9, answer })).rejects.toMatchObject({
      code: "internal",
    });
    expect(keysIn(path)).toEqual([]);
  });
});
