import assert from "node:assert/strict";
import type { CaseGroup } from "./case.ts";
import { endpointId, endpointRow, everywhere, messageId, messageRow, secretRow, t0 } from "./rows.ts";
import { addEndpoint, attemptDue, claimAll, fanOutTo, only, readDelivery } from "./steps.ts";

const stranger = { tenant: "globex", partitions: everywhere };

export const tenancyCases: CaseGroup = {
  group: "tenancy",
  cases: [
    {
      name: "an endpoint of another tenant reads as null",
      run: async ({ store }) => {
        await addEndpoint(store, 1);
        assert.equal(await store.endpoints.get({ tenant: "globex", id: endpointId(1) }), null);
      },
    },
    {
      name: "lists and snapshots hold the tenant's own endpoints",
      run: async ({ store }) => {
        await addEndpoint(store, 1);
        await addEndpoint(store, 2, { tenant: "globex" });
        const listed = await store.endpoints.list({ tenant: "globex", limit: 9 });
        const known = await store.endpoints.ofTenant({ tenant: "globex" });
        assert.deepEqual(only(listed).id, endpointId(2));
        assert.deepEqual(only(known.endpoints).endpoint.id, endpointId(2));
      },
    },
    {
      name: "an endpoint of another tenant cannot be updated",
      run: async ({ store }) => {
        await addEndpoint(store, 1);
        const input = { tenant: "globex", id: endpointId(1), changes: { description: "mine now" }, now: t0 };
        assert.equal(await store.endpoints.update(input), null);
        assert.deepEqual(await store.endpoints.get({ tenant: "acme", id: endpointId(1) }), endpointRow(1));
      },
    },
    {
      name: "an endpoint of another tenant cannot be deleted",
      run: async ({ store }) => {
        await addEndpoint(store, 1);
        assert.equal(await store.endpoints.delete({ tenant: "globex", id: endpointId(1) }), false);
        assert.deepEqual(await store.endpoints.get({ tenant: "acme", id: endpointId(1) }), endpointRow(1));
      },
    },
    {
      name: "a secret of another tenant's endpoint cannot be rotated",
      run: async ({ store }) => {
        await addEndpoint(store, 1);
        const rotation = { secret: secretRow(2), secretHint: "", publicKey: null, expireCurrentAt: null, limit: 9 };
        const named = { tenant: "globex", id: endpointId(1) };
        assert.equal(await store.endpoints.rotateSecret({ ...named, ...rotation, now: t0 }), "not_found");
        const { endpoints } = await store.endpoints.ofTenant({ tenant: "acme" });
        assert.deepEqual(only(endpoints).secrets, [secretRow(1)]);
      },
    },
    {
      name: "a write raises its own tenant's revision only",
      run: async ({ store }) => {
        await addEndpoint(store, 1);
        const before = await store.endpoints.revisions({ tenants: ["acme"] });
        await addEndpoint(store, 2, { tenant: "globex" });
        assert.deepEqual(await store.endpoints.revisions({ tenants: ["acme"] }), before);
      },
    },
    {
      name: "the limit counts the tenant's own endpoints",
      run: async ({ store }) => {
        await addEndpoint(store, 1, { tenant: "globex" });
        const input = { endpoint: endpointRow(2), secret: secretRow(2), limit: 1 };
        assert.equal(await store.endpoints.insert(input), "inserted");
      },
    },
    {
      name: "tenants that differ in case or accents are two tenants",
      run: async ({ store }) => {
        for (const [n, tenant] of ["acme", "Acme", "acmé", "acme "].entries()) await addEndpoint(store, n, { tenant });
        const listed = await store.endpoints.list({ tenant: "Acme", limit: 9 });
        assert.deepEqual(only(listed).id, endpointId(1));
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
      name: "a message of another tenant reads as null",
      run: async ({ store }) => {
        await fanOutTo(store, 1, { to: [1] });
        assert.equal(await store.log.message({ ...stranger, id: messageId(1) }), null);
      },
    },
    {
      name: "a delivery of another tenant reads as null",
      run: async ({ store }) => {
        const id = only(await fanOutTo(store, 1, { to: [1] }));
        assert.equal(await store.log.delivery({ ...stranger, id }), null);
      },
    },
    {
      name: "deliveries of another tenant are not listed",
      run: async ({ store }) => {
        await fanOutTo(store, 1, { to: [1] });
        const input = { ...stranger, endpointId: endpointId(1), limit: 9 };
        assert.deepEqual(await store.log.deliveries(input), []);
      },
    },
    {
      name: "a delivery of another tenant cannot be redelivered",
      run: async ({ store }) => {
        const id = only(await fanOutTo(store, 1, { to: [1] }));
        await attemptDue(store, t0, { next: { status: "failed" } });
        const before = await readDelivery(store, id);
        assert.equal(await store.log.redeliver({ ...stranger, id, now: t0 + 1 }), "not_found");
        assert.deepEqual(await readDelivery(store, id), before);
        assert.deepEqual(await claimAll(store, t0 + 1), []);
      },
    },
  ],
};
