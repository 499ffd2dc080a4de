import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { verifyRequest } from "../src/verify.ts";
import type { ReceivedRequest } from "../src/verify.ts";

const id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const timestampSeconds = 1_614_265_330;
const now = timestampSeconds * 1_000;
const body = '{"test": 2432232314}';
const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const publicKey = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
const v1 = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
const v1a = "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";
const decoy = "Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=";

/** The published request, with some of it replaced. */
function request(changes: Partial<ReceivedRequest> = {}, headers: ReceivedRequest["headers"] = {}): ReceivedRequest {
  return {
    keys: [secret],
    body,
    now,
    ...changes,
    headers: {
      "webhook-id": id,
      "webhook-timestamp": String(timestampSeconds),
      "webhook-signature": v1,
      ...headers,
    },
  };
}

/** Bytes that look random and are the same in every run. */
function bytesOf(seed: string, length: number): Buffer {
  return createHash("shake256", { outputLength: length }).update(seed).digest();
}

describe("verifyRequest", () => {
  it.each([
    { name: "the published v1 signature", keys: [secret], signature: v1 },
    { name: "the published v1a signature", keys: [publicKey], signature: v1a },
    { name: "v1 out of both", keys: [secret], signature: `${v1a} ${v1}` },
    { name: "v1a out of both", keys: [publicKey], signature: `${v1} ${v1a}` },
    { name: "either with both keys", keys: [publicKey, secret], signature: v1 },
    { name: "the second of two secrets", keys: ["whsec_C2FVsBQIhrscChlQIMVb5sSYspob7oD3", secret], signature: v1 },
    {
      name: "the valid one among decoys",
      keys: [secret],
      signature: `v1,${decoy} v2,${decoy} ${v1} v2,x`,
    },
    { name: "the valid one after an item without a comma", keys: [secret], signature: `invalid_signature ${v1}` },
  ])("verifies $name", ({ keys, signature }) => {
    expect(verifyRequest(request({ keys }, { "webhook-signature": signature }))).toBe("verified");
    expect(verifyRequest(request({ keys, body: Buffer.from(body) }, { "webhook-signature": signature }))).toBe(
      "verified",
    );
  });

  it("takes header names in any case", () => {
    const headers = { "Webhook-Id": id, "WEBHOOK-TIMESTAMP": String(timestampSeconds), "Webhook-Signature": v1 };
    expect(verifyRequest({ keys: [secret], body, now, headers })).toBe("verified");
  });

  it.each([
    { name: "an empty signature", signature: "v1," },
    { name: "the first 8 characters", signature: v1.slice(0, "v1,".length + 8) },
    { name: "the published wrong one", signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OA=" },
    { name: "no base64", signature: "v1,dawfeoifkpqwoekfpqoekf" },
    { name: "no comma", signature: "invalid_signature" },
    { name: "the right one under v2", signature: v1.replace("v1", "v2") },
    { name: "the right one under v1a", signature: v1.replace("v1", "v1a") },
    { name: "the right one without padding", signature: v1.replace("=", "") },
    { name: "something after it", signature: `${v1},` },
    { name: "a v1a signature of another length", signature: "v1a,AAAA" },
    { name: "the v1a signature as v1", signature: v1a.replace("v1a", "v1") },
  ])("takes $name for a bad signature", ({ signature }) => {
    const keys = [secret, publicKey];
    expect(verifyRequest(request({ keys }, { "webhook-signature": signature }))).toBe("bad_signature");
  });

  it.each([
    { changed: "body", changes: { body: `${body} ` }, headers: {} },
    { changed: "id", changes: {}, headers: { "webhook-id": `${id}2` } },
    { changed: "timestamp", changes: {}, headers: { "webhook-timestamp": String(timestampSeconds + 1) } },
  ])("takes a changed $changed for a bad signature, v1 and v1a", ({ changes, headers }) => {
    for (const [key, signature] of [
      [secret, v1],
      [publicKey, v1a],
    ] as const) {
      const changed = request({ ...changes, keys: [key] }, { ...headers, "webhook-signature": signature });
      expect(verifyRequest(changed)).toBe("bad_signature");
    }
  });

  it.each([
    { timestamp: "hello" },
    { timestamp: `${timestampSeconds}abc` },
    { timestamp: `${timestampSeconds}.0` },
    { timestamp: `-${timestampSeconds}` },
    { timestamp: ` ${timestampSeconds}` },
    { timestamp: "1e9" },
  ])("takes the timestamp $timestamp for a bad signature", ({ timestamp }) => {
    expect(verifyRequest(request({}, { "webhook-timestamp": timestamp }))).toBe("bad_signature");
  });

  it.each([
    { ageSeconds: 300, tolerance: undefined, becomes: "verified" },
    { ageSeconds: 300.999, tolerance: undefined, becomes: "verified" },
    { ageSeconds: 301, tolerance: undefined, becomes: "expired" },
    { ageSeconds: -300, tolerance: undefined, becomes: "verified" },
    { ageSeconds: -301, tolerance: undefined, becomes: "expired" },
    { ageSeconds: 301, tolerance: 600, becomes: "verified" },
    { ageSeconds: 2, tolerance: 1, becomes: "expired" },
  ])("at an age of $ageSeconds s, with a tolerance of $tolerance s: $becomes", ({ ageSeconds, tolerance, becomes }) => {
    expect(verifyRequest(request({ now: now + ageSeconds * 1_000, toleranceSeconds: tolerance }))).toBe(becomes);
  });

  it.each(["webhook-id", "webhook-timestamp", "webhook-signature"])(
    "misses %s when it is absent, empty or twice",
    (name) => {
      for (const value of [undefined, "", [v1, v1]]) {
        expect(verifyRequest(request({}, { [name]: value }))).toBe("missing_headers");
      }
    },
  );

  it.each([{ key: "" }, { key: "whsec_" }, { key: secret.slice(6) }, { key: "whpk_AAAA" }, { key: "whsk_AAAA" }])(
    "refuses the key $key",
    ({ key }) => {
      expect(() => verifyRequest(request({ keys: [key] }))).toThrow(
        "keys must hold whsec_ secrets and whpk_ public keys",
      );
    },
  );

  it.each([{ key: secret.slice(0, -1) }, { key: `${secret}Br` }])("takes the unpadded secret $key", ({ key }) => {
    const signature = new Webhook(key).sign(id, new Date(now), body);
    expect(verifyRequest(request({ keys: [key] }, { "webhook-signature": signature }))).toBe("verified");
  });

  it("verifies nothing without keys", () => expect(verifyRequest(request({ keys: [] }))).toBe("bad_signature"));

  const fragments = ["", "{}", '{"amount":12.5}', "🪝", "é\u0000漢字", "\u2028", "a".repeat(1_024), "🚚".repeat(5_000)];

  it("verifies 10,000 random messages signed by the reference library", () => {
    for (let index = 0; index < 10_000; index += 1) {
      const dice = bytesOf(`${index}`, 4);
      const key = `whsec_${bytesOf(`key ${index}`, 24 + (dice.readUInt8(0) % 41)).toString("base64")}`;
      const messageId = `msg_${bytesOf(`id ${index}`, 12).toString("base64url")}`;
      const at = now + dice.readInt8(1) * 2_000;
      // The two longest only now and then, as the library hashes in JavaScript.
      const text = (dice.readUInt8(2) < 16 ? fragments : fragments.slice(0, 6))
        .filter((_, bit) => (dice.readUInt8(3) >> bit) & 1)
        .join("");
      const headers = {
        "webhook-id": messageId,
        "webhook-timestamp": String(at / 1_000),
        "webhook-signature": new Webhook(key).sign(messageId, new Date(at), text),
      };
      expect(verifyRequest({ keys: [key], headers, body: text, now })).toBe("verified");
      expect(verifyRequest({ keys: [key], headers, body: `${text}.`, now })).toBe("bad_signature");
    }
  }, 60_000);

  it("verifies v1a signatures of any key with its public key and with no other", () => {
    const pairs = Array.from({ length: 20 }, () => generateKeyPairSync("ed25519"));
    const publicKeys = pairs.map((pair) => {
      return `whpk_${Buffer.from(pair.publicKey.export({ format: "jwk" }).x ?? "", "base64url").toString("base64")}`;
    });
    for (const [index, pair] of pairs.entries()) {
      const signature = sign(null, Buffer.from(`${id}.${timestampSeconds}.${body}`), pair.privateKey).toString(
        "base64",
      );
      const results = publicKeys.map((key) =>
        verifyRequest(request({ keys: [key] }, { "webhook-signature": `v1a,${signature}` })),
      );
      expect(results).toEqual(publicKeys.map((_, other) => (other === index ? "verified" : "bad_signature")));
    }
  });
});
