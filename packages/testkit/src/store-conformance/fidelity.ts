import assert from "node:assert/strict";
import type { CaseGroup, StoreCase } from "./case.ts";
import { endpointRow, everywhere, messageId, messageRow, secretRow, t0 } from "./rows.ts";
import {
  attemptOf,
  awaiting,
  claimAll,
  fanOutTo,
  only,
  readDelivery,
  settlementOf,
  settleOne,
  tenantOf,
} from "./steps.ts";

export const fidelityCases: CaseGroup = {
  group: "fidelity",
  cases: [
    bodyCase("an escaped NUL", String.raw`{"text":"a\u0000b"}`),
    bodyCase("escaped lone surrogates", String.raw`["\ud800","\udc00x","\udfff\ud800"]`),
    bodyCase("256 KiB", JSON.stringify({ text: "é0123456789\n".repeat((256 * 1024) / 13) })),
    bodyCase("emoji and combining marks", '{"😀":"👩‍👩‍👧‍👦","e\u0301":"é","﷽":"\u{10ffff}"}'),
    bodyCase("keys in their order, twice and odd", '{"b":1,"a":2,"b":3,"":4,"__proto__":5,"10":6,"9":7}'),
    bodyCase("numbers as they were written", "[-0,1.0,1e2,1E400,0.10,12345678901234567890,5e-324]"),
    bodyCase("white space and quotes", ` {\t"a" :\r\n"it's \\"quoted\\" \\\\ $1 :x ? % _ \u2028\u2029" } `),
    {
      name: "an attempt reads back as it was written",
      run: async ({ store }) => {
        const ids = await fanOutTo(store, 1, { to: [1, 2] });
        const answered = {
          ...attemptOf(1, 599),
          startedAt: t0 + 7,
          responseBody: "<b>ü 'x' \\ 😀</b>\r\n".repeat(800),
        };
        const broken = {
          ...attemptOf(1, 0),
          statusCode: null,
          errorClass: "connection_refused",
          error: "The receiver refused the connection (10.0.0.1:443).",
          signature: "v1,a v1a,b",
          responseBody: null,
        } as const;
        for (const claim of await claimAll(store, t0)) {
          const attempt = claim.deliveryId === ids[0] ? answered : broken;
          await settleOne(store, t0, settlementOf(claim, { next: { status: "failed" }, attempt }));
        }
        for (const [index, attempt] of [answered, broken].entries()) {
          const deliveryId = ids[index] ?? "";
          assert.deepEqual((await readDelivery(store, deliveryId)).attempts, [{ deliveryId, ...attempt }]);
        }
      },
    },
    {
      name: "instants keep their milliseconds, also those after 2038",
      run: async ({ store }) => {
        const late = Date.UTC(2199, 11, 31, 23, 59, 59, 999);
        const endpoint = endpointRow(1, { createdAt: late - 1, updatedAt: late });
        const secret = secretRow(1, { createdAt: late - 1, expiresAt: late });
        await store.endpoints.insert({ endpoint, secret, limit: 1 });
        assert.deepEqual((await tenantOf(store)).endpoints, [{ endpoint, secrets: [secret] }]);
        await store.messages.insert({ messages: [messageRow(1, { createdAt: late })] });
        assert.equal(only(await awaiting(store)).createdAt, late);
        const id = only(await fanOutTo(store, 2, { to: [1], at: late }));
        const attempt = { ...attemptOf(1, 503), startedAt: late - 1 };
        const claim = only(await claimAll(store, late));
        await settleOne(store, late, settlementOf(claim, { next: { status: "pending", delayMs: 1 }, attempt }));
        const found = await readDelivery(store, id);
        assert.deepEqual(found.attempts, [{ deliveryId: id, ...attempt }]);
        assert.equal(found.delivery.createdAt, late);
        assert.equal(found.delivery.nextAttemptAt, late + 1);
      },
    },
  ],
};

function bodyCase(what: string, body: string): StoreCase {
  return {
    name: `a body with ${what} comes back unchanged`,
    run: async ({ store }) => {
      await store.messages.insert({ messages: [messageRow(1, { body })] });
      assert.equal(only(await awaiting(store)).body, body);
      await fanOutTo(store, 2, { to: [1], body });
      assert.equal(only(await claimAll(store, t0)).body, body);
      const found = await store.log.message({ partitions: everywhere, tenant: "acme", id: messageId(2) });
      assert.equal(found?.message.body, body);
    },
  };
}
