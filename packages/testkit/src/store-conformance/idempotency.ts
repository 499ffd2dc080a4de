import type { Store, StoredAnswer } from "@outhook/core";
import assert from "node:assert/strict";
import type { CaseGroup, StoreCase } from "./case.ts";
import { answerRow, endpointId, endpointRow, hour, secretRow, t0 } from "./rows.ts";
import { addEndpoint, race, rotateTo, tenantOf } from "./steps.ts";

const rounds = 6;
const expireCurrentAt = t0 + hour;
const rotation = { scope: "endpoints.rotateSecret" } as const;

export const idempotencyCases: CaseGroup = {
  group: "idempotency",
  cases: [
    {
      name: "an answer reads back as it was written",
      run: async ({ store }) => {
        const odd = { key: "__proto__", scope: "constructor", fingerprint: "é🔑", sealed: "v1.k1.\"'\\\r\n==" };
        const long = { key: "Prodüktion 🏦 'x' \\ \n", sealed: "0123456789é🔑".repeat(10_000), expiresAt: t0 + 1 };
        for (const [index, changes] of [{}, odd, long].entries()) {
          const given = answerRow(changes);
          assert.equal(await insert(store, index + 1, { ...given }), "inserted");
          const turned = answerRow({ ...changes, ...rotation });
          const options = { endpoint: index + 1, expireCurrentAt, answer: { ...turned } };
          assert.equal(await rotateTo(store, 10 + index, options), "rotated");
          for (const answer of [given, turned]) assert.deepEqual(await find(store, answer), answer);
        }
      },
    },
    {
      name: "what it takes and returns of an answer is a copy",
      run: async ({ store }) => {
        const given = answerRow();
        await insert(store, 1, given);
        for (const one of [given, await find(store, given)]) {
          assert.ok(one);
          Reflect.set(one, "sealed", "changed");
        }
        assert.deepEqual(await find(store, given), answerRow());
      },
    },
    otherCase("tenant", [{ tenant: "globex" }, { tenant: "Acme" }]),
    otherCase("scope", [rotation, { scope: "endpoints.Create" }, { scope: "" }]),
    otherCase("key", [
      { key: "key 2" },
      { key: "KEY 1" },
      { key: "key 1 " },
      { key: "ekey 1", scope: "endpoints.creat" },
    ]),
    {
      name: "a second insert under one answer changes nothing",
      run: async ({ store }) => {
        await insert(store, 1, answerRow());
        const before = await tenantOf(store);
        const second = answerRow({
          fingerprint: "other",
          sealed: "other",
          createdAt: t0 + 1,
          expiresAt: t0 + 9 * hour,
        });
        assert.equal(await insert(store, 2, second), "answered");
        assert.deepEqual(await tenantOf(store), before);
        assert.deepEqual(await find(store, second), answerRow());
      },
    },
    {
      name: "a second rotation under one answer changes nothing",
      run: async ({ store }) => {
        await insert(store, 1, answerRow());
        const given = answerRow(rotation);
        assert.equal(await rotateTo(store, 2, { expireCurrentAt, answer: given }), "rotated");
        const before = await tenantOf(store);
        const second = { ...given, fingerprint: "other", sealed: "other", createdAt: t0 + 1 };
        assert.equal(await rotateTo(store, 3, { expireCurrentAt: null, answer: second }), "answered");
        assert.deepEqual(await tenantOf(store), before);
        assert.deepEqual(await find(store, second), given);
      },
    },
    {
      name: "an insert was answered, also at the limit",
      run: async ({ store }) => {
        await insert(store, 1, answerRow());
        assert.equal(await insert(store, 2, answerRow(), { limit: 1 }), "answered");
      },
    },
    {
      name: "a rotation was answered, also at the limit and when the endpoint is gone",
      run: async ({ store }) => {
        await addEndpoint(store, 1);
        const answer = answerRow(rotation);
        await rotateTo(store, 2, { expireCurrentAt, answer });
        assert.equal(await rotateTo(store, 3, { expireCurrentAt, limit: 1, answer }), "answered");
        await store.endpoints.delete({ tenant: "acme", id: endpointId(1) });
        assert.equal(await rotateTo(store, 3, { expireCurrentAt, answer }), "answered");
      },
    },
    {
      name: "a refused insert keeps no answer",
      run: async ({ store }) => {
        await addEndpoint(store, 1);
        const answer = answerRow();
        assert.equal(await insert(store, 2, answer, { limit: 1 }), "too_many");
        assert.equal(await find(store, answer), null);
        assert.equal(await insert(store, 2, answer, { limit: 2 }), "inserted");
      },
    },
    {
      name: "a refused rotation keeps no answer",
      run: async ({ store }) => {
        const answer = answerRow(rotation);
        assert.equal(await rotateTo(store, 2, { expireCurrentAt, answer }), "not_found");
        assert.equal(await find(store, answer), null);
        await addEndpoint(store, 1);
        assert.equal(await rotateTo(store, 2, { expireCurrentAt, limit: 1, answer }), "too_many");
        assert.equal(await find(store, answer), null);
        assert.equal(await rotateTo(store, 2, { expireCurrentAt, limit: 2, answer }), "rotated");
      },
    },
    {
      name: "an answer counts as absent from when it expires",
      run: async ({ store }) => {
        const answer = answerRow({ expiresAt: t0 + hour });
        await insert(store, 1, answer);
        assert.deepEqual(await find(store, answer, t0 + hour - 1), answer);
        assert.equal(await find(store, answer, t0 + hour), null);
      },
    },
    {
      name: "an insert replaces an expired answer and leaves the others",
      run: async ({ store }) => {
        const other = answerRow({ key: "key 2" });
        await insert(store, 1, other);
        await insert(store, 2, answerRow({ expiresAt: t0 + hour }));
        const next = answerRow({ sealed: "next", createdAt: t0 + hour });
        assert.equal(await insert(store, 3, { ...next, createdAt: t0 + hour - 1 }), "answered");
        assert.equal(await insert(store, 3, next), "inserted");
        for (const answer of [next, other]) assert.deepEqual(await find(store, answer, t0 + hour), answer);
      },
    },
    {
      name: "a rotation replaces an expired answer and leaves the others",
      run: async ({ store }) => {
        const other = answerRow();
        await insert(store, 1, other);
        await rotateTo(store, 2, { expireCurrentAt, answer: answerRow({ ...rotation, expiresAt: t0 + hour }) });
        const next = answerRow({ ...rotation, sealed: "next", createdAt: t0 + hour });
        const early = { ...next, createdAt: t0 + hour - 1 };
        assert.equal(await rotateTo(store, 3, { expireCurrentAt, answer: early }), "answered");
        assert.equal(await rotateTo(store, 3, { expireCurrentAt, answer: next }), "rotated");
        for (const answer of [next, other]) assert.deepEqual(await find(store, answer, t0 + hour), answer);
      },
    },
    {
      name: "of several inserts at once under one answer one inserts",
      run: async ({ store, peer }) => {
        const callers = [store, await peer(), store, await peer(), store];
        for (let round = 1; round <= rounds; round += 1) {
          const tenant = `tenant${round}`;
          const answer = (n: number) => answerRow({ tenant, sealed: endpointId(n) });
          const results = await race(...callers.map((caller, n) => insert(caller, n, answer(n))));
          assert.deepEqual(results, ["answered", "answered", "answered", "answered", "inserted"]);
          const found = await store.endpoints.list({ tenant, limit: 9 });
          assert.deepEqual(
            found.map(({ id }) => id),
            [(await find(store, answer(0)))?.sealed],
          );
        }
      },
    },
    {
      name: "of several rotations at once under one answer one rotates",
      run: async ({ store, peer }) => {
        const callers = [store, await peer(), store, await peer(), store];
        for (let endpoint = 1; endpoint <= rounds; endpoint += 1) {
          await addEndpoint(store, endpoint);
          const answer = answerRow({ ...rotation, key: `${endpoint}` });
          const rotate = (caller: Store, n: number) => {
            const sealed = secretRow(10 + n).id;
            return rotateTo(caller, 10 + n, { endpoint, expireCurrentAt, answer: { ...answer, sealed } });
          };
          assert.deepEqual(await race(...callers.map(rotate)), [
            "answered",
            "answered",
            "answered",
            "answered",
            "rotated",
          ]);
          const { endpoints } = await tenantOf(store);
          const found = endpoints.find((one) => one.endpoint.id === endpointId(endpoint))?.secrets;
          assert.deepEqual(
            found?.map(({ id }) => id),
            [(await find(store, answer))?.sealed, secretRow(endpoint).id],
          );
        }
      },
    },
  ],
};

function otherCase(what: string, others: readonly Partial<StoredAnswer>[]): StoreCase {
  return {
    name: `an answer of another ${what} is another answer`,
    run: async ({ store }) => {
      await insert(store, 1, answerRow());
      for (const [index, changes] of others.entries()) {
        const other = answerRow({ ...changes, sealed: `other ${index}` });
        assert.equal(await find(store, other), null);
        assert.equal(await insert(store, 2 + index, other), "inserted");
        assert.deepEqual(await find(store, other), other);
      }
      assert.deepEqual(await find(store, answerRow()), answerRow());
    },
  };
}

function insert(
  store: Store,
  n: number,
  answer: StoredAnswer,
  { limit = 100 }: { readonly limit?: number } = {},
): Promise<"inserted" | "too_many" | "answered"> {
  const endpoint = endpointRow(n, { tenant: answer.tenant });
  return store.endpoints.insert({ endpoint, secret: secretRow(n), limit, answer });
}

function find(store: Store, { tenant, scope, key }: StoredAnswer, now = t0): Promise<StoredAnswer | null> {
  return store.secrets.keptAnswer({ tenant, scope, key, now });
}
