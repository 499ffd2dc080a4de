import type { Store } from "@outhook/core";
import { describe, expect, it } from "vitest";
import { databaseFile, openStore } from "./fixtures/database-file.ts";
import { endpointRow } from "./fixtures/rows.ts";

/** A store with tenants that have so many endpoints. */
async function storeWith(sizes: Readonly<Record<string, number>>): Promise<Store> {
  const store = await openStore({ path: await databaseFile() });
  for (const [tenant, size] of Object.entries(sizes)) {
    for (let n = 0; n < size; n += 1) {
      const id = `${tenant}-${n}`;
      const secret = { id, sealed: "plain.", createdAt: 1, expiresAt: null };
      await store.endpoints.insert({ endpoint: { ...endpointRow, id, tenant }, secret, limit: 1_000 });
    }
  }
  return store;
}

const many = Array.from({ length: 201 }, (_, n) => `t${n}`);

describe("tenants read at once", () => {
  it.each([
    { what: "as have 200 endpoints between them", sizes: { a: 100, b: 100, c: 1 }, read: { a: 100, b: 100 } },
    { what: "the first of them, whatever it has", sizes: { a: 201, b: 1 }, read: { a: 201 } },
    { what: "200 tenants", sizes: Object.fromEntries(many.map((tenant) => [tenant, 0])), read: 200 },
  ])("are as many $what", async ({ sizes, read }) => {
    const store = await storeWith(sizes);
    const found = await store.endpoints.ofTenants({ tenants: Object.keys(sizes) });
    const counts = [...found].map(([tenant, { endpoints }]) => [tenant, endpoints.length] as const);
    expect(typeof read === "number" ? counts.length : Object.fromEntries(counts)).toEqual(read);
  });
});
