import fc from "fast-check";
import { createPublicKey, sign, verify } from "node:crypto";
import { format, inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { OuthookError } from "../src/errors.ts";
import { generateSecret, parseSecret, publicKeyOf, secretHint, secretOf } from "../src/secret.ts";

const v1Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const v1aSecret = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
const v1aPublicKey = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";

function refusalOf(text: unknown, param?: string): OuthookError {
  try {
    parseSecret(text, param);
  } catch (error) {
    if (error instanceof OuthookError) return error;
    throw error;
  }
  throw new Error("the secret was accepted");
}

function whsec(bytes: Uint8Array): string {
  return `whsec_${Buffer.from(bytes).toString("base64")}`;
}

describe("generateSecret", () => {
  it("makes a v1 secret of 32 bytes that is new every time", () => {
    const secrets = Array.from({ length: 100 }, () => generateSecret("v1"));
    expect(new Set(secrets).size).toBe(100);
    for (const secret of secrets) {
      expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
      expect(parseSecret(secret)).toMatchObject({ version: "v1", key: { symmetricKeySize: 32 } });
    }
  });

  it("makes a v1a secret whose second half is the public key of its first", () => {
    const secrets = Array.from({ length: 100 }, () => generateSecret("v1a"));
    expect(new Set(secrets).size).toBe(100);
    for (const secret of secrets) {
      const bytes = Buffer.from(secret.slice("whsk_".length), "base64");
      expect(bytes.length).toBe(64);
      expect(publicKeyOf(secret)).toBe(`whpk_${bytes.subarray(32).toString("base64")}`);
    }
  });
});

describe("parseSecret", () => {
  it("imports the bytes of every v1 secret of 24 to 64 bytes, padded or not", () => {
    const bytes = fc.uint8Array({ minLength: 24, maxLength: 64 }).filter((value) => new Set(value).size > 1);
    fc.assert(
      fc.property(bytes, fc.boolean(), (value, padded) => {
        const text = padded ? whsec(value) : whsec(value).replace(/=+$/, "");
        const { version, key } = parseSecret(text);
        expect(version).toBe("v1");
        expect(key.export()).toEqual(Buffer.from(value));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    { secret: v1Secret, bytes: 24 },
    { secret: `${v1Secret}Br`, bytes: 25 },
  ])("accepts the published secret of $bytes bytes", ({ secret, bytes }) => {
    expect(parseSecret(secret).key.symmetricKeySize).toBe(bytes);
  });

  it("imports a v1a secret as a private key that its public key verifies", () => {
    const parsed = parseSecret(v1aSecret);
    expect(parsed).toMatchObject({ version: "v1a", publicKey: v1aPublicKey });
    const data = Buffer.from("signed");
    expect(verify(null, data, createPublicKey(parsed.key), sign(null, data, parsed.key))).toBe(true);
  });

  const seed = Buffer.from(v1aSecret.slice("whsk_".length), "base64").subarray(0, 32);
  it.each([
    { name: "nothing", text: undefined, says: "secret is undefined instead of text" },
    { name: "null", text: null, says: "secret is null instead of text" },
    { name: "a number", text: 12345, says: "secret is number instead of text" },
    { name: "no text", text: "", says: "starts with neither whsec_ nor whsk_" },
    { name: "a secret without its prefix", text: v1Secret.slice(6), says: "starts with neither whsec_ nor whsk_" },
    { name: "an upper-case prefix", text: `WHSEC_${v1Secret.slice(6)}`, says: "starts with neither" },
    { name: "a space before it", text: ` ${v1Secret}`, says: "starts with neither" },
    { name: "a public key", text: v1aPublicKey, says: "is a public key (whpk_), which cannot sign" },
    { name: "the prefix only", text: "whsec_", says: "holds 0 bytes" },
    { name: "3 bytes", text: "whsec_YWJj", says: "holds 3 bytes" },
    { name: "the published 23 bytes", text: v1Secret.slice(0, -1), says: "holds 23 bytes" },
    { name: "65 bytes", text: whsec(Buffer.from("0123456789abc".repeat(5))), says: "holds 65 bytes" },
    { name: "zeros", text: `whsec_${"A".repeat(44)}`, says: "is one byte repeated" },
    { name: "base64url", text: `${v1Secret.slice(0, -2)}-_`, says: "is not standard base64" },
    { name: "a line break at the end", text: `${v1Secret}\n`, says: "is not standard base64" },
    { name: "a space inside", text: v1Secret.replace("TwjU", "Tw jU"), says: "is not standard base64" },
    { name: "padding that does not fit", text: `${v1Secret}=`, says: "is not standard base64" },
    { name: "a digit that stands alone", text: `${v1Secret}w`, says: "is not standard base64" },
    { name: "a v1a seed without its public key", text: `whsk_${seed.toString("base64")}`, says: "holds 32 bytes" },
    { name: "base64url in v1a", text: v1aSecret.replace("/", "_"), says: "is not standard base64" },
    {
      name: "a public half of another seed",
      text: `whsk_${Buffer.concat([seed, seed]).toString("base64")}`,
      says: "holds a public key that does not belong to its seed",
    },
  ])("refuses $name, says how to make one and shows none of it", ({ text, says }) => {
    const { code, param, message } = refusalOf(text);
    expect({ code, param }).toEqual({ code: "invalid_secret", param: "secret" });
    expect(message).toContain(says);
    expect(message).toContain("generateSecret(");
    const encoded = typeof text === "string" ? text.replace(/^\s*[A-Za-z]+_/, "") : "";
    for (let from = 0; from + 5 <= encoded.length; from += 1) {
      expect(message).not.toContain(encoded.slice(from, from + 5));
    }
  });

  it("names the place of the value", () => {
    const { param, message } = refusalOf("whsec_YWJj", "secrets[1]");
    expect(param).toBe("secrets[1]");
    expect(message).toMatch(
      /^secrets\[1\] holds 3 bytes; a v1 secret is whsec_ and the base64 of 24 to 64 random bytes/,
    );
  });
});

describe("publicKeyOf", () => {
  it("gives the public key of a v1a secret", () => expect(publicKeyOf(v1aSecret)).toBe(v1aPublicKey));
  it("gives null for a v1 secret", () => expect(publicKeyOf(v1Secret)).toBeNull());
  it("refuses what is no secret", () => expect(() => publicKeyOf("hunter2")).toThrow(OuthookError));
});

describe("a hidden secret", () => {
  it("shows itself to nobody but who asks for it", () => {
    const secret = secretOf(v1Secret);
    const inside = { nested: [{ secret }], map: new Map([["secret", secret]]) };
    const error = new Error(`with ${String(secret)}`, { cause: inside });
    const printed = [
      String(secret),
      JSON.stringify(inside),
      format("%s %j %o %O %d", secret, secret, secret, secret, secret),
      inspect(inside, { depth: 10, showHidden: true }),
      inspect(error, { depth: 10, showHidden: true }),
      // oxlint-disable-next-line typescript/restrict-template-expressions -- that is how it happens
      `${secret}`,
    ].join("\n");
    expect(printed).not.toContain("MfKQ");
    expect(printed).toContain("[secret]");
    expect(secret.reveal()).toBe(v1Secret);
  });

  it("is not to be seen in what signs with it", () => {
    for (const text of [v1Secret, v1aSecret]) {
      const key = parseSecret(text);
      const printed = `${inspect(key, { depth: 10, showHidden: true })}${JSON.stringify(key)}`;
      expect(printed).not.toContain(text.slice(6, 20));
    }
  });
});

describe("secretHint", () => {
  it.each([
    { secret: v1Secret, hint: "whsec_…LaSw" },
    { secret: v1aSecret, hint: "whsk_…vg==" },
  ])("shows $hint", ({ secret, hint }) => expect(secretHint(secret)).toBe(hint));
});
