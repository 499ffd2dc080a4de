import type { Store } from "@outhook/core";
import assert from "node:assert/strict";
import type { CaseGroup } from "./case.ts";
import { endpointId, endpointRow, secretRow, t0 } from "./rows.ts";
import { addEndpoint } from "./steps.ts";

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
          const [snapshot] = await Promise.all([other.endpoints.ofTenant({ tenant: "acme" }), addEndpoint(store, n)]);
          const current = await revisionOf(store);
          assert.equal(snapshot.endpoints.length, snapshot.revision === current ? n : n - 1);
        }
        assert.equal((await store.endpoints.ofTenant({ tenant: "acme" })).revision, await revisionOf(store));
      },
    },
    {
      name: "a tenant without endpoints ever has revision 0 and is not in the map",
      run: async ({ store }) => {
        await addEndpoint(store, 1);
        assert.deepEqual(await store.endpoints.ofTenant({ tenant: "globex" }), { revision: 0, endpoints: [] });
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
  return store.endpoints.rotateSecret({
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
