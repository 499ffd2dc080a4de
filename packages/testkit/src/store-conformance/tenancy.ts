import assert from "node:assert/strict";
import type { CaseGroup } from "./case.ts";
import { endpointId, endpointRow, everywhere, messageId, messageRow, secretRow, t0 } from "./rows.ts";
import { addEndpoint, attemptDue, claimAll, deliveryId, fanOutTo, only, readDelivery, tenantOf } from "./steps.ts";

const rotation = { secret: secretRow(2), secretHint: "", publicKey: null, expireCurrentAt: null, limit: 9, now: t0 };

export const tenancyCases: CaseGroup = {
  group: "tenancy",
  cases: [
    {
      name: "an endpoint of another tenant behaves as an unknown one",
      run: async ({ store }) => {
        await addEndpoint(store, 1);
        const before = await tenantOf(store);
        const others = { tenant: "globex", id: endpointId(1) };
        const unknown = { tenant: "acme", id: endpointId(9) };
        for (const named of [others, unknown]) {
          assert.equal(await store.endpoints.get(named), null);
          assert.equal(await store.endpoints.update({ ...named, change: (endpoint) => endpoint }), null);
          assert.equal(await store.secrets.rotate({ ...named, ...rotation }), "not_found");
          assert.equal(await store.endpoints.delete(named), false);
        }
        assert.deepEqual(await tenantOf(store), before);
      },
    },
    {
      name: "lists and snapshots hold the tenant's own endpoints",
      run: async ({ store }) => {
        await addEndpoint(store, 1);
        await addEndpoint(store, 2, { tenant: "globex" });
        const listed = await store.endpoints.list({ tenant: "globex", limit: 9 });
        const known = await tenantOf(store, "globex");
        assert.equal(only(listed).id, endpointId(2));
        assert.equal(only(known.endpoints).endpoint.id, endpointId(2));
      },
    },
    {
      name: "the limit and the revision are the tenant's own",
      run: async ({ store }) => {
        await addEndpoint(store, 1);
        const before = await store.endpoints.revisions({ tenants: ["acme"] });
        const endpoint = endpointRow(2, { tenant: "globex" });
        assert.equal(await store.endpoints.insert({ endpoint, secret: secretRow(2), limit: 1 }), "inserted");
        assert.deepEqual(await store.endpoints.revisions({ tenants: ["acme"] }), before);
      },
    },
    {
      name: "tenants that differ in case, accents or a space are different tenants",
      run: async ({ store }) => {
        for (const [n, tenant] of ["acme", "Acme", "acmé", "acme "].entries()) await addEndpoint(store, n, { tenant });
        assert.equal(only(await store.endpoints.list({ tenant: "Acme", limit: 9 })).id, endpointId(1));
      },
    },
    {
      name: "one idempotency key of two tenants names two messages",
      run: async ({ store }) => {
        const keyed = { idempotencyKey: "k", payloadHash: "h" };
        const messages = [messageRow(1, keyed), messageRow(2, { ...keyed, tenant: "globex" })];
        assert.deepEqual(await store.messages.insert({ messages }), [{ outcome: "inserted" }, { outcome: "inserted" }]);
      },
    },
    {
      name: "messages and deliveries of another tenant behave as unknown ones",
      run: async ({ store }) => {
        const id = only(await fanOutTo(store, 1, { to: [1] }));
        await attemptDue(store, t0, { next: { status: "failed" } });
        const before = await readDelivery(store, id);
        const others = { tenant: "globex", partitions: everywhere };
        const acme = { tenant: "acme", partitions: everywhere };
        for (const [whose, n] of [
          [others, 1],
          [acme, 9],
        ] as const) {
          assert.equal(await store.log.message({ ...whose, id: messageId(n) }), null);
          assert.equal(await store.log.delivery({ ...whose, id: deliveryId(n, 1) }), null);
          assert.deepEqual(await store.log.deliveries({ ...whose, endpointId: endpointId(n), limit: 9 }), []);
          assert.equal(await store.log.redeliver({ ...whose, id: deliveryId(n, 1), now: t0 + 1 }), "not_found");
        }
        assert.deepEqual(await readDelivery(store, id), before);
        assert.deepEqual(await claimAll(store, t0 + 1), []);
      },
    },
  ],
};
