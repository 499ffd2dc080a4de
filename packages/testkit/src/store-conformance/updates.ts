import type { StoredEndpoint } from "@outhook/core";
import assert from "node:assert/strict";
import type { CaseGroup } from "./case.ts";
import { endpointId, endpointRow, hour, minute, secretRow, t0 } from "./rows.ts";
import { addEndpoint, rotateTo, tenantOf } from "./steps.ts";

const rounds = 8;
const first = { tenant: "acme", id: endpointId(1) };

export const updateCases: CaseGroup = {
  group: "updates",
  cases: [
    {
      name: "an update writes what the change makes of the endpoint",
      run: async ({ store }) => {
        const before = endpointRow(1, {
          description: "old",
          maxRetries: 3,
          rateLimit: 20,
          metadata: { a: "1" },
          headerNames: ["x-old"],
          sealedHeaders: "sealed",
        });
        await store.endpoints.insert({ endpoint: before, secret: secretRow(1), limit: 9 });
        const some = { url: "https://example.com/new", events: ["*"], metadata: { b: "ü" }, timeoutSeconds: 30 };
        const filled = { headerNames: ["x-api-key", "x-b"], sealedHeaders: "v1.é🔑", lastVerifiedAt: t0 };
        const disabled = { status: "disabled", disabledReason: "manual" } as const;
        const cleared = {
          description: null,
          maxRetries: null,
          rateLimit: null,
          headerNames: [],
          sealedHeaders: null,
          lastVerifiedAt: null,
          metadata: {},
          updatedAt: t0 + minute,
        };
        let expected: StoredEndpoint = before;
        for (const changes of [some, filled, disabled, cleared]) {
          const read = expected;
          expected = { ...read, ...changes };
          const updated = await store.endpoints.update({
            ...first,
            change: (endpoint) => {
              assert.deepEqual(endpoint, read);
              return { ...endpoint, ...changes };
            },
          });
          assert.deepEqual(updated, expected);
          assert.deepEqual(await store.endpoints.get(first), expected);
        }
      },
    },
    {
      name: "an update leaves what names the endpoint and what follows from its secret",
      run: async ({ store }) => {
        const before = endpointRow(1, { signingVersion: "v1a", publicKey: "whpk_1" });
        await store.endpoints.insert({ endpoint: before, secret: secretRow(1), limit: 9 });
        await addEndpoint(store, 2);
        await addEndpoint(store, 2, { tenant: "globex" });
        const others = {
          id: endpointId(2),
          tenant: "globex",
          signingVersion: "v1",
          secretHint: "",
          publicKey: null,
        } as const;
        const change = (endpoint: StoredEndpoint) => ({ ...endpoint, ...others, description: "new" });
        const expected = { ...before, description: "new" };
        assert.deepEqual(await store.endpoints.update({ ...first, change }), expected);
        assert.deepEqual(await store.endpoints.get(first), expected);
        const listed = await store.endpoints.list({ tenant: "acme", limit: 9 });
        assert.deepEqual(listed, [endpointRow(2), expected]);
        const [untouched] = await store.endpoints.list({ tenant: "globex", limit: 9 });
        assert.deepEqual(untouched, endpointRow(2, { tenant: "globex" }));
      },
    },
    {
      name: "what an update gives the change, takes from it and returns is a copy",
      run: async ({ store }) => {
        await addEndpoint(store, 1);
        await assert.rejects(store.endpoints.update({ ...first, change: spoilAndThrow }));
        assert.deepEqual(await store.endpoints.get(first), endpointRow(1));

        const held: StoredEndpoint[] = [];
        const change = (endpoint: StoredEndpoint) => {
          const made = { ...structuredClone(endpoint), description: "new" };
          held.push(endpoint, made);
          return made;
        };
        const updated = await store.endpoints.update({ ...first, change });
        for (const one of [updated, ...held]) spoil(one);
        assert.deepEqual(await store.endpoints.get(first), endpointRow(1, { description: "new" }));
      },
    },
    {
      name: "a change that throws writes nothing, and the call throws the same",
      run: async ({ store }) => {
        await addEndpoint(store, 1);
        const before = await tenantOf(store);
        const error = new Error("no");
        const change = () => {
          throw error;
        };
        await assert.rejects(store.endpoints.update({ ...first, change }), (thrown) => {
          assert.equal(thrown, error);
          return true;
        });
        assert.deepEqual(await tenantOf(store), before);
        await store.endpoints.update({ ...first, change: (endpoint) => ({ ...endpoint, description: "new" }) });
        const expected = endpointRow(1, { description: "new" });
        assert.deepEqual(await store.endpoints.get(first), expected, "the next update is not hindered");
      },
    },
    {
      name: "of two updates at once each changes what the other left",
      run: async ({ store, peer }) => {
        const other = await peer();
        await addEndpoint(store, 1);
        for (let round = 1; round <= rounds; round += 1) {
          await Promise.all([
            store.endpoints.update({ ...first, change: adding(`a${round}`) }),
            other.endpoints.update({ ...first, change: adding(`b${round}`) }),
          ]);
          const found = await store.endpoints.get(first);
          assert.equal(Object.keys(found?.metadata ?? {}).length, 2 * round);
        }
      },
    },
    {
      name: "an update and a rotation at once both happen",
      run: async ({ store, peer }) => {
        const other = await peer();
        await addEndpoint(store, 1);
        for (let round = 2; round <= rounds; round += 1) {
          const change = (endpoint: StoredEndpoint) => ({ ...endpoint, description: `round ${round}` });
          await Promise.all([
            store.endpoints.update({ ...first, change }),
            rotateTo(other, round, { expireCurrentAt: t0 + hour }),
          ]);
          const found = await store.endpoints.get(first);
          assert.deepEqual([found?.description, found?.secretHint], [`round ${round}`, `whsec_…${round}`]);
        }
      },
    },
  ],
};

function adding(name: string): (endpoint: StoredEndpoint) => StoredEndpoint {
  return (endpoint) => ({ ...endpoint, metadata: { ...endpoint.metadata, [name]: "" } });
}

function spoil(endpoint: StoredEndpoint | null): void {
  assert.ok(endpoint);
  Reflect.set(endpoint.events, 0, "spoilt.*");
  Reflect.set(endpoint, "secretHint", "spoilt");
}

function spoilAndThrow(endpoint: StoredEndpoint): never {
  spoil(endpoint);
  throw new Error("no");
}
