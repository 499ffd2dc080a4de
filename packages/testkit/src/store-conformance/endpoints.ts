import assert from "node:assert/strict";
import type { CaseGroup } from "./case.ts";
import { endpointId, endpointRow, minute, secretRow, t0 } from "./rows.ts";
import { addEndpoint, race, tenantOf } from "./steps.ts";

const rounds = 8;

export const endpointCases: CaseGroup = {
  group: "endpoints",
  cases: [
    {
      name: "an endpoint reads back as it was written",
      run: async ({ store }) => {
        const plain = endpointRow(1);
        const full = endpointRow(2, {
          events: ["loan.active", "customer.*", "*"],
          description: "Prodüktion 🏦 'quoted' \\ \n",
          status: "disabled",
          disabledReason: "gone",
          timeoutSeconds: 60,
          maxRetries: 0,
          rateLimit: 1_000,
          signingVersion: "v1a",
          publicKey: "whpk_abc",
          metadata: { team: "größe", "": "", "a.b": "[1]" },
          headerNames: ["x-b", "authorization", "x-a"],
          sealedHeaders: "v1.k1.é🔑\n".repeat(2_000),
          lastVerifiedAt: t0 + minute,
          updatedAt: t0 + minute,
        });
        for (const endpoint of [plain, full]) {
          await store.endpoints.insert({ endpoint, secret: secretRow(1), limit: 9 });
          assert.deepEqual(await store.endpoints.get({ tenant: "acme", id: endpoint.id }), endpoint);
        }
      },
    },
    {
      name: "what it takes and returns is a copy",
      run: async ({ store }) => {
        const endpoint = endpointRow(1);
        await store.endpoints.insert({ endpoint, secret: secretRow(1), limit: 9 });
        Reflect.set(endpoint, "url", "https://changed.example");
        const [listed] = await store.endpoints.list({ tenant: "acme", limit: 9 });
        const [known] = (await tenantOf(store)).endpoints;
        const read = await store.endpoints.get({ tenant: "acme", id: endpoint.id });
        for (const returned of [listed, known?.endpoint, read]) {
          assert.ok(returned);
          Reflect.set(returned.events, 0, "changed.*");
        }
        assert.deepEqual(await store.endpoints.get({ tenant: "acme", id: endpoint.id }), endpointRow(1));
      },
    },
    {
      name: "the endpoint beyond the limit is refused",
      run: async ({ store }) => {
        await addEndpoint(store, 1);
        await addEndpoint(store, 2);
        const beyond = { endpoint: endpointRow(3), secret: secretRow(3), limit: 2 };
        assert.equal(await store.endpoints.insert(beyond), "too_many");
        assert.equal((await store.endpoints.list({ tenant: "acme", limit: 9 })).length, 2);
      },
    },
    {
      name: "of two callers at the limit one inserts",
      run: async ({ store, peer }) => {
        const other = await peer();
        for (let round = 0; round < rounds; round += 1) {
          const tenant = `tenant${round}`;
          const [one, two] = [endpointRow(2 * round, { tenant }), endpointRow(2 * round + 1, { tenant })];
          const results = await race(
            store.endpoints.insert({ endpoint: one, secret: secretRow(2 * round), limit: 1 }),
            other.endpoints.insert({ endpoint: two, secret: secretRow(2 * round + 1), limit: 1 }),
          );
          assert.deepEqual(results, ["inserted", "too_many"]);
          assert.equal((await store.endpoints.list({ tenant, limit: 9 })).length, 1);
        }
      },
    },
    {
      name: "a list is newest first and goes on after an id, also of one that is gone",
      run: async ({ store }) => {
        for (const n of [3, 1, 5, 2, 4]) await addEndpoint(store, n);
        await store.endpoints.delete({ tenant: "acme", id: endpointId(4) });
        const first = await store.endpoints.list({ tenant: "acme", limit: 2 });
        const rest = await store.endpoints.list({ tenant: "acme", limit: 9, after: endpointId(4) });
        assert.deepEqual(first, [endpointRow(5), endpointRow(3)]);
        assert.deepEqual(rest, [endpointRow(3), endpointRow(2), endpointRow(1)]);
        assert.deepEqual(await store.endpoints.list({ tenant: "acme", limit: 9, after: endpointId(1) }), []);
      },
    },
    {
      name: "a deleted endpoint is gone with its secrets",
      run: async ({ store }) => {
        await addEndpoint(store, 1);
        const named = { tenant: "acme", id: endpointId(1) };
        assert.equal(await store.endpoints.delete(named), true);
        assert.equal(await store.endpoints.get(named), null);
        assert.equal(await store.endpoints.delete(named), false);
        await addEndpoint(store, 1);
        const { endpoints } = await tenantOf(store);
        assert.deepEqual(endpoints, [{ endpoint: endpointRow(1), secrets: [secretRow(1)] }]);
      },
    },
    {
      name: "of two callers who delete an endpoint one gets true",
      run: async ({ store, peer }) => {
        const other = await peer();
        for (let round = 0; round < rounds; round += 1) {
          await addEndpoint(store, round);
          const named = { tenant: "acme", id: endpointId(round) };
          const results = await race(store.endpoints.delete(named), other.endpoints.delete(named));
          assert.deepEqual(results, [false, true]);
        }
      },
    },
  ],
};
