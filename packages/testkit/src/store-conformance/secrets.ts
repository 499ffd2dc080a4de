import type { Store, StoredSecret } from "@outhook/core";
import assert from "node:assert/strict";
import type { CaseGroup } from "./case.ts";
import { endpointId, endpointRow, hour, minute, secretRow, t0 } from "./rows.ts";
import { addEndpoint, rotateTo, tenantOf } from "./steps.ts";

export const secretCases: CaseGroup = {
  group: "secrets",
  cases: [
    {
      name: "a rotation puts the new secret first and ends the outgoing one",
      run: async ({ store }) => {
        const first = secretRow(1, { sealed: "v1.k1.é🔑.\n==" });
        await store.endpoints.insert({ endpoint: endpointRow(1), secret: first, limit: 9 });
        assert.deepEqual(await secretsOf(store), [first]);
        assert.equal(await rotateTo(store, 2, { expireCurrentAt: t0 + hour }), "rotated");
        assert.deepEqual(await secretsOf(store), [secretRow(2), { ...first, expiresAt: t0 + hour }]);
      },
    },
    {
      name: "a rotation writes the endpoint's hint, public key and updatedAt",
      run: async ({ store }) => {
        await addEndpoint(store, 1);
        await rotateTo(store, 2, { expireCurrentAt: t0 + hour, at: t0 + minute });
        const expected = endpointRow(1, { secretHint: "whsec_…2", publicKey: "whpk_2", updatedAt: t0 + minute });
        assert.deepEqual(await store.endpoints.get({ tenant: "acme", id: endpointId(1) }), expected);
      },
    },
    {
      name: "older secrets keep their own end",
      run: async ({ store }) => {
        await addEndpoint(store, 1);
        await rotateTo(store, 2, { expireCurrentAt: t0 + 2 * hour });
        await rotateTo(store, 3, { expireCurrentAt: t0 + hour });
        assert.deepEqual(await secretsOf(store), [
          secretRow(3),
          secretRow(2, { expiresAt: t0 + hour }),
          secretRow(1, { expiresAt: t0 + 2 * hour }),
        ]);
      },
    },
    {
      name: "a rotation without an end drops all older ones",
      run: async ({ store }) => {
        await addEndpoint(store, 1);
        await rotateTo(store, 2, { expireCurrentAt: t0 + hour });
        await rotateTo(store, 3, { expireCurrentAt: null });
        assert.deepEqual(await secretsOf(store), [secretRow(3)]);
      },
    },
    {
      name: "what has expired is removed and does not count against the limit",
      run: async ({ store }) => {
        await addEndpoint(store, 1);
        await rotateTo(store, 2, { expireCurrentAt: t0 + minute });
        assert.equal(await rotateTo(store, 3, { expireCurrentAt: t0 + 2 * hour, limit: 2, at: t0 + hour }), "rotated");
        assert.deepEqual(await secretsOf(store), [secretRow(3), secretRow(2, { expiresAt: t0 + 2 * hour })]);
      },
    },
    {
      name: "more than the limit in force is refused and changes nothing",
      run: async ({ store }) => {
        await addEndpoint(store, 1);
        await rotateTo(store, 2, { expireCurrentAt: t0 + hour });
        const before = await tenantOf(store);
        assert.equal(await rotateTo(store, 3, { expireCurrentAt: t0 + hour, limit: 2, at: t0 + minute }), "too_many");
        assert.deepEqual(await tenantOf(store), before);
        assert.equal(await rotateTo(store, 3, { expireCurrentAt: t0 + hour, limit: 3, at: t0 + minute }), "rotated");
      },
    },
    {
      name: "of two rotations at once both new secrets sign",
      run: async ({ store, peer }) => {
        const other = await peer();
        for (let endpoint = 1; endpoint <= 8; endpoint += 1) {
          await addEndpoint(store, endpoint);
          const [one, two] = [10 * endpoint, 10 * endpoint + 1];
          await Promise.all([
            rotateTo(store, one, { endpoint, expireCurrentAt: t0 + hour }),
            rotateTo(other, two, { endpoint, expireCurrentAt: t0 + hour }),
          ]);
          const found = await secretsOf(store, endpoint);
          const expected = [endpoint, one, two].map((n) => secretRow(n).id);
          assert.deepEqual(found.map((secret) => secret.id).toSorted(), expected);
          assert.equal(found.filter((secret) => secret.expiresAt === null).length, 1);
        }
      },
    },
  ],
};

async function secretsOf(store: Store, n = 1): Promise<readonly StoredSecret[]> {
  const { endpoints } = await tenantOf(store);
  return endpoints.find(({ endpoint }) => endpoint.id === endpointId(n))?.secrets ?? [];
}
