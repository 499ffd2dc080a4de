import fc from "fast-check";
import { createHmac, createPublicKey, verify } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { OuthookError } from "../src/errors.ts";
import { generateSecret, parseSecret } from "../src/secret.ts";
import { createSigner } from "../src/signature.ts";

const published = {
  id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
  timestampSeconds: 1_614_265_330,
  body: Buffer.from('{"test": 2432232314}'),
};
const v1 = {
  secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
};
const v1a = {
  secret: "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==",
  signature: "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==",
};

function signPublished(secrets: readonly string[]): string {
  return createSigner(secrets)(published.id, published.timestampSeconds, published.body);
}

function errorOf(run: () => unknown): OuthookError {
  try {
    run();
  } catch (error) {
    if (error instanceof OuthookError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

const messageId = fc.string({ unit: fc.constantFrom(..."abcXYZ019_-"), minLength: 1, maxLength: 40 });
const secret = fc
  .uint8Array({ minLength: 24, maxLength: 64 })
  .filter((bytes) => new Set(bytes).size > 1)
  .map((bytes) => `whsec_${Buffer.from(bytes).toString("base64")}`);
const fragment = fc.oneof(fc.string({ unit: "binary" }), fc.json(), fc.constantFrom("", "🪝 é \u0000 漢字"));
/** Up to about 20 KB, mostly small. */
const body = fc
  .tuple(fragment, fc.constantFrom(1, 1, 1, 1, 1, 1, 20_000))
  .map(([text, size]) => text.repeat(Math.max(1, Math.floor(size / Math.max(1, text.length)))));

describe("createSigner", () => {
  it.each([v1, v1a])("gives the published signature $signature", ({ secret: one, signature }) => {
    expect(signPublished([one])).toBe(signature);
  });

  it("gives an item per secret in their order, whatever their versions", () => {
    expect(signPublished([v1a.secret, v1.secret])).toBe(`${v1a.signature} ${v1.signature}`);
    expect(signPublished([v1.secret, v1a.secret])).toBe(`${v1.signature} ${v1a.signature}`);
  });

  it("signs 10,000 random messages so that the reference library verifies them", () => {
    const offsetSeconds = fc.integer({ min: -240, max: 240 });
    fc.assert(
      fc.property(secret, messageId, offsetSeconds, body, (one, id, offset, text) => {
        const timestamp = Math.floor(Date.now() / 1_000) + offset;
        const headers = {
          "webhook-id": id,
          "webhook-timestamp": String(timestamp),
          "webhook-signature": createSigner([one])(id, timestamp, Buffer.from(text)),
        };
        new Webhook(one).verify(text, headers, { jsonParse: false });
      }),
      { numRuns: 10_000 },
    );
  }, 60_000);

  it("signs with up to ten secrets at once so that each verifies alone", () => {
    const v1aSecret = fc.constantFrom(v1a.secret, generateSecret("v1a"), generateSecret("v1a"));
    const several = fc.array(fc.oneof(secret, v1aSecret), { minLength: 2, maxLength: 10 });
    fc.assert(
      fc.property(several, messageId, body, (secrets, id, text) => {
        const timestamp = Math.floor(Date.now() / 1_000);
        const header = createSigner(secrets)(id, timestamp, Buffer.from(text));
        expect(header.split(" ")).toHaveLength(secrets.length);
        for (const [index, one] of secrets.entries()) {
          const parsed = parseSecret(one);
          if (parsed.version === "v1") {
            const headers = { "webhook-id": id, "webhook-timestamp": String(timestamp), "webhook-signature": header };
            new Webhook(one).verify(text, headers, { jsonParse: false });
          } else {
            const item = header.split(" ")[index] ?? "";
            expect(item.startsWith("v1a,")).toBe(true);
            const signature = Buffer.from(item.slice("v1a,".length), "base64");
            const signed = Buffer.from(`${id}.${timestamp}.${text}`);
            expect(verify(null, signed, createPublicKey(parsed.key), signature)).toBe(true);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it("signs the bytes as they are, also where they are no text", () => {
    const bytes = Uint8Array.of(0xff, 0x00, 0xc3);
    const expected = createHmac("sha256", Buffer.from(v1.secret.slice("whsec_".length), "base64"))
      .update(Buffer.concat([Buffer.from("msg_1.1700000000."), bytes]))
      .digest("base64");
    expect(createSigner([v1.secret])("msg_1", 1_700_000_000, bytes)).toBe(`v1,${expected}`);
  });

  it.each([
    { timestampSeconds: 161_426_533.5 },
    { timestampSeconds: -161_426_533 },
    { timestampSeconds: NaN },
    { timestampSeconds: Infinity },
  ])("refuses the timestamp $timestampSeconds", ({ timestampSeconds }) => {
    const error = errorOf(() => createSigner([v1.secret])("msg_1", timestampSeconds, published.body));
    expect(error).toMatchObject({ code: "internal", param: "timestampSeconds" });
  });

  it("refuses a message id with a dot, which would make two messages sign alike", () => {
    const error = errorOf(() => createSigner([v1.secret])("msg_1.1700000000", 1, published.body));
    expect(error).toMatchObject({ code: "internal", param: "messageId" });
  });

  it("refuses to sign with no secret at all", () => {
    expect(errorOf(() => createSigner([]))).toMatchObject({ code: "invalid_secret", param: "secrets" });
  });

  it("names the secret that is wrong by its place", () => {
    const error = errorOf(() => createSigner([v1.secret, "whsec_YWJj"]));
    expect(error).toMatchObject({ code: "invalid_secret", param: "secrets[1]" });
  });
});
