import type { Store, TenantEndpoints } from "@outhook/core";
import assert from "node:assert/strict";
import type { CaseGroup } from "./case.ts";
import { endpointId, endpointRow, secretRow, t0 } from "./rows.ts";
import { addEndpoint, only, tenantOf } from "./steps.ts";

export const revisionCases: CaseGroup = {
  group: "revisions",
  cases: [
    {
      name: "every write raises the tenant's revision, also when its last endpoint is gone",
      run: async ({ store }) => {
        const named = { tenant: "acme", id: endpointId(1) };
        const writes: readonly (() => Promise<unknown>)[] = [
          () => addEndpoint(store, 1),
          () => store.endpoints.update({ ...named, change: (endpoint) => endpoint }),
          () => rotate(store, endpointId(1)),
          () => store.endpoints.delete(named),
          () => addEndpoint(store, 2),
        ];
        let before = 0;
        for (const [index, write] of writes.entries()) {
          await write();
          const after = await revisionOf(store);
          assert.ok(after > before, `revision ${after} after ${before}, write ${index}`);
          before = after;
        }
      },
    },
    {
      name: "a refused write leaves the revision",
      run: async ({ store }) => {
        await addEndpoint(store, 1);
        const before = await revisionOf(store);
        const unknown = { tenant: "acme", id: endpointId(9) };
        await store.endpoints.insert({ endpoint: endpointRow(2), secret: secretRow(2), limit: 1 });
        await store.endpoints.update({ ...unknown, change: (endpoint) => endpoint });
        await store.endpoints.delete(unknown);
        await rotate(store, endpointId(9));
        assert.equal(await revisionOf(store), before);
      },
    },
    {
      name: "a snapshot carries the revision it was read at",
      run: async ({ store, peer }) => {
        const other = await peer();
        for (let n = 1; n <= 8; n += 1) {
          const [snapshot] = await Promise.all([tenantOf(other), addEndpoint(store, n)]);
          const current = await revisionOf(store);
          assert.equal(snapshot.endpoints.length, snapshot.revision === current ? n : n - 1);
        }
        assert.equal((await tenantOf(store)).revision, await revisionOf(store));
      },
    },
    {
      name: "several tenants are read at once, each with what is its own",
      run: async ({ store }) => {
        const tenants = ["acme", "globex", "initech"];
        await addEndpoint(store, 1);
        for (const n of [2, 3]) await addEndpoint(store, n, { tenant: "initech" });
        const read = new Map<string, TenantEndpoints>();
        // A store may answer for one of them at a time.
        while (read.size < tenants.length) {
          const found = await store.endpoints.ofTenants({ tenants: tenants.filter((tenant) => !read.has(tenant)) });
          assert.ok(found.size > 0, "ofTenants answers for one tenant at least");
          for (const [tenant, one] of found) read.set(tenant, one);
        }
        const revisions = await store.endpoints.revisions({ tenants });
        for (const tenant of tenants) {
          const endpoints = read.get(tenant)?.endpoints.map(({ endpoint, secrets }) => [endpoint, only(secrets)]);
          const expected = { acme: [1], globex: [], initech: [2, 3] }[tenant] ?? [];
          assert.deepEqual(
            endpoints,
            expected.map((n) => [endpointRow(n, { tenant }), secretRow(n)]),
          );
          assert.equal(read.get(tenant)?.revision, revisions.get(tenant) ?? 0);
        }
        assert.equal((await store.endpoints.ofTenants({ tenants: [] })).size, 0);
      },
    },
    {
      name: "a tenant without endpoints ever has revision 0 and is not in the map",
      run: async ({ store }) => {
        await addEndpoint(store, 1);
        assert.deepEqual(await tenantOf(store, "globex"), { revision: 0, endpoints: [] });
        const revisions = await store.endpoints.revisions({ tenants: ["acme", "globex"] });
        assert.deepEqual([...revisions.keys()], ["acme"]);
        assert.equal((await store.endpoints.revisions({ tenants: [] })).size, 0);
      },
    },
  ],
};

async function revisionOf(store: Store): Promise<number> {
  return (await store.endpoints.revisions({ tenants: ["acme"] })).get("acme") ?? 0;
}

function rotate(store: Store, id: string): Promise<string> {
  return store.secrets.rotate({
    tenant: "acme",
    id,
    secret: secretRow(9),
    secretHint: "whsec_…9999",
    publicKey: null,
    expireCurrentAt: null,
    limit: 10,
    now: t0,
  });
}
