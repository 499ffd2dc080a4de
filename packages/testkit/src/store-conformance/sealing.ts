import type { SealedText, Store, StoredEndpoint } from "@outhook/core";
import assert from "node:assert/strict";
import type { CaseGroup } from "./case.ts";
import { answerRow, endpointId, endpointRow, hour, secretRow, t0 } from "./rows.ts";
import { tenantOf } from "./steps.ts";

const rounds = 8;

export const sealingCases: CaseGroup = {
  group: "sealing",
  cases: [
    {
      name: "the keys of secrets, headers and answers are told, each once",
      run: async ({ store }) => {
        assert.deepEqual(await keyIds(store), []);
        await add(store, 1, { secret: "v1.k1.a", answer: "v1.k3.a" });
        await add(store, 2, { secret: "v1.k1.b", headers: "v1.k-2_.a" });
        await add(store, 3, { secret: "plain.whsec_", headers: "v1.k1.c", tenant: "globex" });
        assert.deepEqual(await keyIds(store), ["k-2_", "k1", "k3", "plaintext"]);
      },
    },
    {
      name: "a key of which nothing is left is told no more",
      run: async ({ store }) => {
        await add(store, 1, { secret: "v1.k1.a" });
        await add(store, 2, { secret: "v1.k2.a", headers: "v1.k3.a", answer: "v1.k4.a" });
        await store.endpoints.delete({ tenant: "acme", id: endpointId(1) });
        assert.deepEqual(await keyIds(store, t0 + 24 * hour - 1), ["k2", "k3", "k4"]);
        await store.endpoints.update({
          tenant: "acme",
          id: endpointId(2),
          change: (endpoint) => ({ ...endpoint, sealedHeaders: "v1.k5.a" }),
        });
        assert.deepEqual(await keyIds(store, t0 + 24 * hour), ["k2", "k5"]);
      },
    },
    {
      name: "an answer that takes the place of an expired one brings its key",
      run: async ({ store }) => {
        await add(store, 1, { secret: "v1.k1.a", answer: "v1.k2.a" });
        await add(store, 2, { secret: "v1.k1.b", answer: "v1.k3.a", at: t0 + 24 * hour });
        assert.deepEqual(await keyIds(store, t0 + 25 * hour), ["k1", "k3"]);
      },
    },
    {
      name: "what one key sealed is read in pages, of all tenants, without answers",
      run: async ({ store }) => {
        await add(store, 1, { secret: "v1.k1.a", headers: "v1.k1.b", answer: "v1.k1.x" });
        await add(store, 2, { secret: "v1.k2.a", headers: "v1.k1.c" });
        await add(store, 3, { secret: "v1.k1.d", tenant: "globex" });
        await add(store, 3, { secret: "v1.k1.e", headers: "v1.k3.a" });
        const expected = [
          textRow(1, "v1.k1.b", { secretId: null }),
          textRow(1, "v1.k1.a"),
          textRow(2, "v1.k1.c", { secretId: null }),
          textRow(3, "v1.k1.e"),
          textRow(3, "v1.k1.d", { tenant: "globex" }),
        ];
        for (const limit of [1, 2, 3, 9]) {
          const pages = await pagesOf(store, "k1", limit);
          assert.ok(pages.every((page) => page.length <= limit));
          assert.deepEqual(byText(pages.flat()), byText(expected));
        }
        assert.deepEqual(await pagesOf(store, "k9", 1), []);
      },
    },
    {
      name: "a page is found after a text that is gone",
      run: async ({ store }) => {
        for (const n of [1, 2, 3]) await add(store, n, { secret: `v1.k1.${n}` });
        const [first, second] = await store.secrets.sealedWith({ keyId: "k1", limit: 2 });
        assert.ok(first !== undefined && second !== undefined);
        await store.endpoints.delete({ tenant: second.tenant, id: second.endpointId });
        const rest = await store.secrets.sealedWith({ keyId: "k1", limit: 9, after: second });
        const left = [textRow(1, "v1.k1.1"), textRow(2, "v1.k1.2"), textRow(3, "v1.k1.3")].filter(
          ({ sealed }) => sealed !== first.sealed && sealed !== second.sealed,
        );
        assert.deepEqual(rest, left);
      },
    },
    {
      name: "resealing replaces what is still the same and counts it",
      run: async ({ store }) => {
        await add(store, 1, { secret: "v1.k1.a", headers: "v1.k1.b" });
        await add(store, 2, { secret: "v1.k1.c", headers: "v1.k1.d" });
        await add(store, 2, { secret: "v1.k1.c", tenant: "globex" });
        const texts = [
          resealing(textRow(1, "v1.k1.a"), "v1.k2.é🔑"),
          resealing(textRow(1, "v1.k1.b", { secretId: null }), "v1.k2.b"),
          resealing(textRow(2, "v1.k1.changed"), "v1.k2.c"),
          resealing(textRow(2, "v1.k1.changed", { secretId: null }), "v1.k2.d"),
          resealing(textRow(2, "v1.k1.c", { secretId: secretRow(1).id }), "v1.k2.c"),
          resealing(textRow(2, "v1.k1.c", { tenant: "umbrella" }), "v1.k2.c"),
          resealing(textRow(9, "v1.k1.c"), "v1.k2.c"),
        ];
        assert.equal(await store.secrets.reseal({ texts }), 2);
        assert.deepEqual(await sealedIn(store, 1), ["v1.k2.b", "v1.k2.é🔑"]);
        assert.deepEqual(await sealedIn(store, 2), ["v1.k1.d", "v1.k1.c"]);
        assert.deepEqual(await sealedIn(store, 2, "globex"), [null, "v1.k1.c"]);
        assert.deepEqual(byText((await pagesOf(store, "k2", 9)).flat()), [
          textRow(1, "v1.k2.b", { secretId: null }),
          textRow(1, "v1.k2.é🔑"),
        ]);
      },
    },
    {
      name: "resealing leaves all else of the endpoint, and the revision",
      run: async ({ store }) => {
        await add(store, 1, { secret: "v1.k1.a", headers: "v1.k1.b" });
        const before = await tenantOf(store);
        const texts = [
          resealing(textRow(1, "v1.k1.a"), "v1.k2.a"),
          resealing(textRow(1, "v1.k1.b", { secretId: null }), "v1.k2.b"),
        ];
        assert.equal(await store.secrets.reseal({ texts }), 2);
        const [row] = before.endpoints;
        const secrets = row?.secrets.map((secret) => ({ ...secret, sealed: "v1.k2.a" }));
        const expected = { endpoint: { ...row?.endpoint, sealedHeaders: "v1.k2.b" }, secrets };
        assert.deepEqual(await tenantOf(store), { ...before, endpoints: [expected] });
      },
    },
    {
      name: "of two resealings at once of one text one replaces it",
      run: async ({ store, peer }) => {
        const other = await peer();
        await add(store, 1, { secret: "v1.k1.0", headers: "v1.k1.0" });
        for (let round = 1; round <= rounds; round += 1) {
          for (const secretId of [null, secretRow(1).id]) {
            const text = textRow(1, `v1.k1.${round - 1}`, { secretId });
            const texts = [resealing(text, `v1.k1.${round}`)];
            const replaced = await Promise.all([store.secrets.reseal({ texts }), other.secrets.reseal({ texts })]);
            assert.deepEqual(replaced.map(String).toSorted(), ["0", "1"]);
          }
        }
      },
    },
    {
      name: "an update and a resealing at once both happen",
      run: async ({ store, peer }) => {
        const other = await peer();
        await add(store, 1, { secret: "v1.k1.a", headers: "v1.k1.0" });
        for (let round = 1; round <= rounds; round += 1) {
          const change = (endpoint: StoredEndpoint) => ({ ...endpoint, description: `round ${round}` });
          const text = textRow(1, `v1.k1.${round - 1}`, { secretId: null });
          await Promise.all([
            store.endpoints.update({ tenant: "acme", id: endpointId(1), change }),
            other.secrets.reseal({ texts: [resealing(text, `v1.k1.${round}`)] }),
          ]);
          const found = await store.endpoints.get({ tenant: "acme", id: endpointId(1) });
          assert.deepEqual([found?.description, found?.sealedHeaders], [`round ${round}`, `v1.k1.${round}`]);
        }
      },
    },
  ],
};

/** Adds endpoint `n` with these sealed texts, and an answer if one is given. */
async function add(
  store: Store,
  n: number,
  texts: {
    readonly secret: string;
    readonly headers?: string;
    readonly answer?: string;
    readonly tenant?: string;
    readonly at?: number;
  },
): Promise<void> {
  const { secret, headers = null, answer, tenant = "acme", at = t0 } = texts;
  const outcome = await store.endpoints.insert({
    endpoint: endpointRow(n, { tenant, sealedHeaders: headers, headerNames: headers === null ? [] : ["x-key"] }),
    secret: secretRow(n, { sealed: secret }),
    limit: 9,
    ...(answer !== undefined && { answer: answerRow({ sealed: answer, createdAt: at, expiresAt: at + 24 * hour }) }),
  });
  assert.equal(outcome, "inserted");
}

async function keyIds(store: Store, now = t0): Promise<readonly string[]> {
  return (await store.secrets.keyIds({ now })).toSorted();
}

/** The secret of endpoint `n` as it is found by its key. */
function textRow(n: number, sealed: string, changes: Partial<SealedText> = {}): SealedText {
  return { tenant: "acme", endpointId: endpointId(n), secretId: secretRow(n).id, sealed, ...changes };
}

function resealing(text: SealedText, resealed: string): SealedText & { readonly resealed: string } {
  return { ...text, resealed };
}

/** All pages, each after the last text of the one before. */
async function pagesOf(store: Store, keyId: string, limit: number): Promise<readonly (readonly SealedText[])[]> {
  const pages: (readonly SealedText[])[] = [];
  for (let after: SealedText | undefined; pages.length < 99;) {
    const page = await store.secrets.sealedWith({ keyId, limit, after });
    after = page.at(-1);
    if (after === undefined) break;
    pages.push(page);
  }
  return pages;
}

function byText(texts: readonly SealedText[]): readonly SealedText[] {
  return texts.toSorted((one, other) => (one.sealed < other.sealed ? -1 : 1));
}

/** The sealed headers and secrets of endpoint `n`. */
async function sealedIn(store: Store, n: number, tenant = "acme"): Promise<readonly (string | null)[]> {
  const { endpoints } = await tenantOf(store, tenant);
  const found = endpoints.find(({ endpoint }) => endpoint.id === endpointId(n));
  assert.ok(found);
  return [found.endpoint.sealedHeaders, ...found.secrets.map(({ sealed }) => sealed)];
}
