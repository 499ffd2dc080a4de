import type { StoredEndpoint } from "@outhook/core";
import assert from "node:assert/strict";
import type { CaseGroup } from "./case.ts";
import { endpointId, endpointRow, minute, secretRow, t0 } from "./rows.ts";
import { addEndpoint, tenantOf } from "./steps.ts";

const rounds = 8;
const first = { tenant: "acme", id: endpointId(1) };
const { url } = endpointRow(1);

export const verifiedCases: CaseGroup = {
  group: "verified",
  cases: [
    {
      name: "when a test reached the endpoint is written down, and nothing else",
      run: async ({ store }) => {
        for (const n of [1, 2]) await addEndpoint(store, n);
        const { revision } = await tenantOf(store);
        for (const at of [t0 + minute, t0 + 2 * minute]) {
          assert.equal(await store.endpoints.verified({ ...first, url, at }), true);
          const endpoint = endpointRow(1, { lastVerifiedAt: at });
          assert.deepEqual(await store.endpoints.get(first), endpoint);
          assert.deepEqual(await store.endpoints.list({ tenant: "acme", limit: 9 }), [endpointRow(2), endpoint]);
          assert.deepEqual(await tenantOf(store), {
            revision,
            endpoints: [
              { endpoint, secrets: [secretRow(1)] },
              { endpoint: endpointRow(2), secrets: [secretRow(2)] },
            ],
          });
        }
      },
    },
    {
      name: "a test of another URL, or of an endpoint that is not there, changes nothing",
      run: async ({ store }) => {
        for (const n of [1, 2]) await addEndpoint(store, n);
        await store.endpoints.delete({ tenant: "acme", id: endpointId(2) });
        const before = await tenantOf(store);
        const tests = [
          { ...first, url: `${url}/older` },
          { ...first, tenant: "globex", url },
          { tenant: "acme", id: endpointId(2), url: endpointRow(2).url },
          { tenant: "acme", id: endpointId(3), url },
        ];
        for (const test of tests) assert.equal(await store.endpoints.verified({ ...test, at: t0 + minute }), false);
        assert.deepEqual(await tenantOf(store), before);
      },
    },
    {
      name: "an update and a test at once both happen, but for a test of the URL that the update replaces",
      run: async ({ store, peer }) => {
        const other = await peer();
        await addEndpoint(store, 1);
        for (let round = 1; round <= rounds; round += 1) {
          const at = t0 + round * minute;
          const described = (endpoint: StoredEndpoint) => ({ ...endpoint, description: `round ${round}` });
          await Promise.all([
            store.endpoints.update({ ...first, change: described }),
            other.endpoints.verified({ ...first, url, at }),
          ]);
          const found = await store.endpoints.get(first);
          assert.deepEqual([found?.description, found?.lastVerifiedAt], [`round ${round}`, at]);
        }
        for (let round = 1, tested = url; round <= rounds; round += 1) {
          const next = `${url}/${round}`;
          const moved = (endpoint: StoredEndpoint) => ({ ...endpoint, url: next, lastVerifiedAt: null });
          await Promise.all([
            store.endpoints.update({ ...first, change: moved }),
            other.endpoints.verified({ ...first, url: tested, at: t0 + round * minute }),
          ]);
          assert.equal((await store.endpoints.get(first))?.lastVerifiedAt, null, "nobody tested the URL that it has");
          tested = next;
        }
      },
    },
  ],
};
