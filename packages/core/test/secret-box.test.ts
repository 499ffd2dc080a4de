import fc from "fast-check";
import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { OuthookError } from "../src/errors.ts";
import { createSecretBox } from "../src/secret-box.ts";
import type { SecretKeys, SealedPlace } from "../src/secret-box.ts";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const place = { table: "secrets", tenant: "acme", endpointId: "ep_1", secretId: "sec_1" } as const;
const k1 = Buffer.alloc(32, "first key ").toString("base64");
const k2 = Buffer.alloc(32, "second key ").toString("base64");
const withK1 = createSecretBox({ current: "k1", keys: { k1 } });

function errorOf(run: () => unknown): OuthookError {
  try {
    run();
  } catch (error) {
    if (error instanceof OuthookError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** What a host passes when it does not use the types, or an environment variable is not set. */
function boxFrom(secretKeys: unknown): unknown {
  return createSecretBox(secretKeys as SecretKeys);
}

describe("a secret box", () => {
  it("opens what it sealed, for any secret and place", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", minLength: 1 }),
        fc.string(),
        fc.string(),
        fc.string(),
        (text, ...names) => {
          const [tenant, endpointId, secretId] = names;
          const where = { table: "secrets", tenant, endpointId, secretId } as const;
          expect(withK1.open(withK1.seal(text, where), where).reveal()).toBe(text);
        },
      ),
    );
  });

  it("seals as v1, key id, IV, tag and ciphertext, with nothing of the secret to be seen", () => {
    const sealed = withK1.seal(secret, place);
    expect(sealed).toMatch(/^v1\.k1\.[\w-]{16}\.[\w-]{22}\.[\w-]+$/);
    expect(sealed).not.toContain(Buffer.from(secret).toString("base64url").slice(0, 8));
  });

  it("never uses an IV twice", () => {
    const ivs = Array.from({ length: 2 ** 16 }, () => withK1.seal("s", place).split(".")[2]);
    expect(new Set(ivs).size).toBe(ivs.length);
  });

  it("takes keys as padded base64, unpadded base64 and bytes alike", () => {
    const sealed = withK1.seal(secret, place);
    for (const key of [k1, k1.replace("=", ""), Buffer.from(k1, "base64"), new Uint8Array(Buffer.from(k1, "base64"))]) {
      expect(
        createSecretBox({ current: "k1", keys: { k1: key } })
          .open(sealed, place)
          .reveal(),
      ).toBe(secret);
    }
  });

  it("keeps its own copy of a key given as bytes", () => {
    const bytes = randomBytes(32);
    const box = createSecretBox({ current: "k1", keys: { k1: bytes } });
    const sealed = box.seal(secret, place);
    bytes.fill(0);
    expect(box.open(sealed, place).reveal()).toBe(secret);
  });

  it("seals with the current key and still opens what an older one sealed", () => {
    const both = createSecretBox({ current: "k2", keys: { k1, k2 } });
    expect(both.seal(secret, place)).toMatch(/^v1\.k2\./);
    expect(both.open(withK1.seal(secret, place), place).reveal()).toBe(secret);
  });

  it("keeps secrets readable when the host chose plaintext in words", () => {
    const plain = createSecretBox("plaintext");
    expect(plain.seal(secret, place)).toBe(`plain.${secret}`);
    expect(plain.open(`plain.${secret}`, place).reveal()).toBe(secret);
  });

  it("opens plain text with keys given too, so that encryption can be switched on", () => {
    expect(withK1.open(`plain.${secret}`, place).reveal()).toBe(secret);
  });

  it("knows the keys it was given, lost ones too, and plain text", () => {
    const box = createSecretBox({ current: "k2", keys: { k0: "lost", k1, k2 } });
    expect(box.keyId).toBe("k2");
    expect(["k0", "k1", "k2", "plaintext", "k3", "", "toString"].filter(box.knows)).toEqual([
      "k0",
      "k1",
      "k2",
      "plaintext",
    ]);
    const plain = createSecretBox("plaintext");
    expect(plain.keyId).toBe("plaintext");
    expect(["plaintext", "k1"].filter(plain.knows)).toEqual(["plaintext"]);
  });

  it("says of a lost key what helps", () => {
    const box = createSecretBox({ current: "k2", keys: { k1: "lost", k2 } });
    const { code, message } = errorOf(() => box.open(withK1.seal(secret, place), place));
    expect(code).toBe("unknown_secret_key");
    expect(message).toBe(
      'secret sec_1 of endpoint ep_1 was sealed with key "k1", which is lost; rotate the endpoint\'s secret',
    );
  });
});

describe("a sealed secret", () => {
  const sealed = withK1.seal(secret, place);

  it.each([
    { swapped: "tenant", elsewhere: { ...place, tenant: "umbrella" } },
    { swapped: "endpoint", elsewhere: { ...place, endpointId: "ep_2" } },
    { swapped: "secret id", elsewhere: { ...place, secretId: "sec_2" } },
    { swapped: "split of the same characters", elsewhere: { ...place, tenant: "acm", endpointId: "eep_1" } },
  ])("does not open in a row with another $swapped", ({ elsewhere }) => {
    const { code, message } = errorOf(() => withK1.open(sealed, elsewhere));
    expect(code).toBe("internal");
    expect(message).toContain(
      `secret ${elsewhere.secretId} of endpoint ${elsewhere.endpointId} does not open with key "k1"`,
    );
  });

  it("tells places apart that would be one text when joined", () => {
    const names = fc.string({ unit: fc.constantFrom(...'ab|,"[].') });
    const places: fc.Arbitrary<SealedPlace> = fc.oneof(
      fc.record({ table: fc.constant("secrets"), tenant: names, endpointId: names, secretId: names }),
      fc.record({ table: fc.constant("headers"), tenant: names, endpointId: names }),
      fc.record({ table: fc.constant("answers"), tenant: names, scope: names, key: names }),
    );
    fc.assert(
      fc.property(places, places, (one, other) => {
        fc.pre(Object.values(one).join("\0") !== Object.values(other).join("\0"));
        expect(errorOf(() => withK1.open(withK1.seal(secret, one), other)).code).toBe("internal");
      }),
    );
  });

  it("does not open with any one character changed, left out or added, and shows nothing of the secret", () => {
    const keyIdEnds = "v1.k1".length;
    for (let index = 0; index <= sealed.length; index += 1) {
      const [head, tail] = [sealed.slice(0, index), sealed.slice(index + 1)];
      const changed = sealed[index] === "A" ? "B" : "A";
      for (const text of [head + changed + tail, head + tail, `${head}A${sealed.slice(index)}`]) {
        if (text === sealed) continue;
        const { code, message } = errorOf(() => withK1.open(text, place));
        expect(index <= keyIdEnds ? ["internal", "unknown_secret_key"] : ["internal"]).toContain(code);
        expect(message).not.toContain("MfKQ");
        expect(message).not.toContain(sealed.split(".")[4]);
      }
    }
  });

  it.each([
    {
      elsewhere: { table: "headers", tenant: "acme", endpointId: "ep_1" } as const,
      says: /^the text of the custom headers of endpoint ep_1 does not open with key "k1".*clear them with headers: null/,
    },
    {
      elsewhere: { table: "answers", tenant: "acme", scope: "ep_1", key: "sec_1" } as const,
      says: /^the answer kept for ep_1 under idempotencyKey "sec_1" does not open with key "k1".*use another idempotencyKey/,
    },
  ])("does not open as $elsewhere.table, which the message names with what helps", ({ elsewhere, says }) => {
    expect(errorOf(() => withK1.open(sealed, elsewhere)).message).toMatch(says);
  });

  it.each([
    { text: "" },
    { text: secret },
    { text: "v1" },
    { text: "v2.k1.a.b.c" },
    { text: "v1.k1..." },
    { text: `${sealed}.` },
    { text: `v1.k\n1.${sealed.split(".").slice(2).join(".")}` },
    { text: sealed.replace(/^(v1\.k1\.[^.]+\.[^.]{6})[^.]*/, "$1") },
  ])("is refused in any other form: $text", ({ text }) => {
    const { code, message } = errorOf(() => withK1.open(text, place));
    expect(code).toBe("internal");
    expect(message).toContain("secret sec_1 of endpoint ep_1 has a form that this version does not know");
    expect(message).not.toContain("MfKQ");
  });

  it("does not open when another key took the id of the one that sealed it", () => {
    const renamed = createSecretBox({ current: "k1", keys: { k1: k2 } });
    const { code, message } = errorOf(() => renamed.open(sealed, place));
    expect(code).toBe("internal");
    expect(message).toContain("secretKeys.keys.k1 is no longer the key that sealed it");
  });

  it.each([
    { mode: "other keys", box: createSecretBox({ current: "k2", keys: { k2 } }) },
    { mode: "plaintext", box: createSecretBox("plaintext") },
  ])("names the key that is missing, with $mode given", ({ box }) => {
    const { code, message } = errorOf(() => box.open(sealed, place));
    expect(code).toBe("unknown_secret_key");
    expect(message).toBe(
      'secret sec_1 of endpoint ep_1 was sealed with key "k1", which is not there; add k1 to secretKeys.keys',
    );
  });
});

describe("secretKeys", () => {
  it.each([
    { given: "nothing", keys: undefined, param: "secretKeys", says: 'or "plaintext" to keep signing secrets readable' },
    { given: "null", keys: null, param: "secretKeys", says: "must be {" },
    { given: "another word", keys: "plain", param: "secretKeys", says: "must be {" },
    { given: "no keys", keys: { current: "k1" }, param: "secretKeys", says: "must be {" },
    { given: "no current", keys: { keys: { k1 } }, param: "secretKeys.current", says: "one of secretKeys.keys (k1)" },
    {
      given: "a current that is not there",
      keys: { current: "k2", keys: { k1 } },
      param: "secretKeys.current",
      says: "(k1)",
    },
    {
      given: "an inherited current",
      keys: { current: "toString", keys: {} },
      param: "secretKeys.current",
      says: "(none)",
    },
    {
      given: "a key from an unset variable",
      keys: { current: "k1", keys: { k1: undefined } },
      param: "secretKeys.keys.k1",
      says: "is undefined; is its environment variable set? If there is no key yet, make one with: openssl",
    },
    { given: "an empty key", keys: { current: "k1", keys: { k1: "" } }, param: "secretKeys.keys.k1", says: "is empty" },
    {
      given: "a number",
      keys: { current: "k1", keys: { k1: 1 } },
      param: "secretKeys.keys.k1",
      says: "base64 text or",
    },
    {
      given: "31 bytes",
      keys: { current: "k1", keys: { k1: Buffer.alloc(31) } },
      param: "secretKeys.keys.k1",
      says: "31 bytes",
    },
    {
      given: "hexadecimal text",
      keys: { current: "k1", keys: { k1: "0f".repeat(32) } },
      param: "secretKeys.keys.k1",
      says: "holds 48 bytes, but a key has exactly 32",
    },
    {
      given: "a line break",
      keys: { current: "k1", keys: { k1: `${k1}\n` } },
      param: "secretKeys.keys.k1",
      says: "not base64",
    },
    {
      given: "a key id with a dot",
      keys: { current: "k.1", keys: { "k.1": k1 } },
      param: "secretKeys.keys",
      says: 'has an id that is not 1 to 32 letters, digits, _ or -: "k.1"',
    },
    {
      given: "a long key id",
      keys: { current: "k1", keys: { k1, ["k".repeat(33)]: k2 } },
      param: "secretKeys.keys",
      says: "32",
    },
    {
      given: "a current key that is lost",
      keys: { current: "k1", keys: { k1: "lost" } },
      param: "secretKeys.current",
      says: 'names k1, which is "lost"; make one with: openssl rand -base64 32, under a new id',
    },
    {
      given: "the id of no key",
      keys: { current: "plaintext", keys: { plaintext: k1 } },
      param: "secretKeys.keys",
      says: "has the id plaintext, which stands for no key",
    },
    {
      given: "a wrong key beside the current one",
      keys: { current: "k1", keys: { k1, k0: "x" } },
      param: "secretKeys.keys.k0",
      says: "not base64",
    },
  ])("refuses $given, at construction", ({ keys, param, says }) => {
    const error = errorOf(() => boxFrom(keys));
    expect(error).toMatchObject({ code: "invalid_options", param });
    expect(error.message).toContain(`${param} `);
    expect(error.message).toContain(says);
    expect(error.message).not.toContain(k1.slice(0, 8));
  });
});
