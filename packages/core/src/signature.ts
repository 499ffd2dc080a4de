import { createHmac, sign } from "node:crypto";
import { OuthookError } from "./errors.ts";
import { parseSecret } from "./secret.ts";
import type { SigningKey } from "./secret.ts";

/**
 * Signs one attempt: gives the `webhook-signature` header for these three things, which must be sent as they are.
 *
 * `timestampSeconds` is the attempt's `webhook-timestamp` in whole seconds, `body` the bytes of the request.
 */
export type Signer = (messageId: string, timestampSeconds: number, body: Uint8Array) => string;

/**
 * Makes the signer of an endpoint from every secret in force, newest first; throws `invalid_secret` for one that
 * cannot sign, or when there is none.
 *
 * The header has an item per secret, in their order: `v1,<base64>` (HMAC-SHA256) or `v1a,<base64>` (ed25519), over
 * `{id}.{timestamp}.{body}` (Standard Webhooks, "Signature scheme").
 *
 * @example
 * const sign = createSigner(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]);
 * sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, Buffer.from(`{"test": 2432232314}`));
 * // "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
 */
export function createSigner(secrets: readonly string[]): Signer {
  const keys = secrets.map((secret, index) => parseSecret(secret, `secrets[${index}]`));
  if (keys.length === 0) {
    throw new OuthookError("invalid_secret", "secrets is empty; an endpoint signs with at least one", {
      param: "secrets",
    });
  }
  return (messageId, timestampSeconds, body) => {
    // A dot in the id would let one signature fit two splits of the same bytes.
    if (messageId.includes(".")) throw unsignable("messageId", "contains a dot; use letters, digits, _ and - only");
    if (!Number.isSafeInteger(timestampSeconds) || timestampSeconds < 0) {
      throw unsignable("timestampSeconds", `is ${timestampSeconds}; it must be whole seconds since 1970`);
    }
    const prefix = `${messageId}.${timestampSeconds}.`;
    return keys.map((key) => signatureItem(key, prefix, body)).join(" ");
  };
}

function signatureItem(key: SigningKey, prefix: string, body: Uint8Array): string {
  switch (key.version) {
    case "v1":
      // A KeyObject is some 7 times as fast as the same key in a buffer, which is imported for every signature.
      return `v1,${createHmac("sha256", key.key).update(prefix).update(body).digest("base64")}`;
    case "v1a":
      return `v1a,${sign(null, Buffer.concat([Buffer.from(prefix), body]), key.key).toString("base64")}`;
  }
}

function unsignable(param: string, problem: string): OuthookError {
  return new OuthookError("internal", `${param} ${problem}`, { param });
}
