import { OuthookError } from "@outhook/core";
import { createHmac, createPublicKey, createSecretKey, timingSafeEqual, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";

/** What a receiver makes of a request. */
export type Verification = "verified" | "bad_signature" | "expired" | "missing_headers";

/** A request as a receiver got it. */
export type ReceivedRequest = {
  /** What the receiver trusts: secrets (`whsec_…`) and public keys (`whpk_…`). Any one of them suffices. */
  readonly keys: readonly string[];
  /** Names in any case, as in `IncomingMessage.headers`. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Exactly as received. */
  readonly body: string | Uint8Array;
  /** Epoch milliseconds. */
  readonly now: number;
  /** How far `webhook-timestamp` may lie from now, either way. Default 300, as in the reference libraries. */
  readonly toleranceSeconds?: number | undefined;
};

/**
 * Verifies a request as a receiver does (Standard Webhooks, "Verifying webhook authenticity"), for v1 and v1a, which
 * the reference libraries do not have.
 *
 * It shares no code with the signer, so that each checks the other. Signatures of an unknown version are skipped; a
 * timestamp that is not all digits is a bad signature. Throws `invalid_secret` for a key that is neither kind.
 *
 * @example
 * verifyRequest({ keys: [secret], headers: request.headers, body, now: Date.now() }); // "verified"
 */
export function verifyRequest(request: ReceivedRequest): Verification {
  const { keys, body, now, toleranceSeconds = 300 } = request;
  const trusted = keys.map(trustedKey);
  const headers = new Map(Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]));
  const id = headers.get("webhook-id");
  const timestamp = headers.get("webhook-timestamp");
  const signatures = headers.get("webhook-signature");
  if (!isPresent(id) || !isPresent(timestamp) || !isPresent(signatures)) return "missing_headers";

  if (!/^\d+$/.test(timestamp)) return "bad_signature";
  if (Math.abs(Math.floor(now / 1_000) - Number(timestamp)) > toleranceSeconds) return "expired";

  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), Buffer.from(body)]);
  const matches = signatures.split(" ").some((item) => trusted.some((key) => signs(key, item, signed)));
  return matches ? "verified" : "bad_signature";
}

type TrustedKey = { readonly version: "v1" | "v1a"; readonly key: KeyObject };

function trustedKey(text: string): TrustedKey {
  const [, prefix, encoded = ""] = /^(whsec_|whpk_)(.+)$/.exec(text) ?? [];
  const bytes = Buffer.from(encoded, "base64");
  if (prefix === "whsec_" && bytes.length > 0) return { version: "v1", key: createSecretKey(bytes) };
  if (prefix === "whpk_" && bytes.length === 32) {
    const x = bytes.toString("base64url");
    return { version: "v1a", key: createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" }) };
  }
  throw new OuthookError(
    "invalid_secret",
    "keys must hold whsec_ secrets and whpk_ public keys, each with its base64",
    {
      param: "keys",
    },
  );
}

function signs({ version, key }: TrustedKey, item: string, signed: Buffer): boolean {
  const comma = item.indexOf(",");
  if (comma === -1 || item.slice(0, comma) !== version) return false;
  const signature = item.slice(comma + 1);
  if (version === "v1a") return verify(null, signed, key, Buffer.from(signature, "base64"));
  return sameText(signature, createHmac("sha256", key).update(signed).digest("base64"));
}

function sameText(received: string, expected: string): boolean {
  const [left, right] = [Buffer.from(received), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function isPresent(value: string | readonly string[] | undefined): value is string {
  return typeof value === "string" && value !== "";
}
