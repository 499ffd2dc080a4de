import { createPrivateKey, createPublicKey, createSecretKey, generateKeyPairSync, randomBytes } from "node:crypto";
import type { JsonWebKey, KeyObject } from "node:crypto";
import { inspect } from "node:util";
import { OuthookError } from "./errors.ts";
import type { SigningVersion } from "./model.ts";

/**
 * A text that is not to be seen: in strings, in JSON and in what consoles and loggers print of objects it is `[secret]`. Only
 * `reveal` gives it away.
 */
export type Secret = {
  readonly reveal: () => string;
  readonly toString: () => string;
  readonly toJSON: () => string;
  readonly [inspect.custom]: () => string;
};

const hidden = (): string => "[secret]";

/** Hides a text. */
export function secretOf(text: string): Secret {
  return { reveal: () => text, toString: hidden, toJSON: hidden, [inspect.custom]: hidden };
}

/** A signing secret, checked and ready to sign with. */
export type SigningKey =
  | { readonly version: "v1"; readonly key: KeyObject }
  | {
      readonly version: "v1a";
      /** The private key. */
      readonly key: KeyObject;
      /** `whpk_…`, for receivers. */
      readonly publicKey: string;
    };

const minBytes = 24;
const maxBytes = 64;
const newBytes = 32;
const halfBytes = 32;

/**
 * Makes a signing secret in its text form (Standard Webhooks, "Signature scheme").
 *
 * `v1` gives `whsec_` and the base64 of 32 random bytes; `v1a` gives `whsk_` and the base64 of an ed25519 seed followed
 * by its public key, 32 bytes each.
 *
 * @example
 * generateSecret("v1"); // "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD3q2…"
 */
export function generateSecret(version: SigningVersion): string {
  switch (version) {
    case "v1":
      return `whsec_${randomBytes(newBytes).toString("base64")}`;
    case "v1a": {
      const { d, x } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
      return `whsk_${Buffer.concat([base64urlBytes(d), base64urlBytes(x)]).toString("base64")}`;
    }
  }
}

/**
 * Checks a secret and imports its key.
 *
 * Accepts `whsec_` with 24–64 bytes and `whsk_` with 64, in standard base64, padded or not. Anything else throws
 * `invalid_secret`; the message never shows any of the text. `param` names the value in it, by default `secret`.
 *
 * @example
 * parseSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").version; // "v1"
 */
export function parseSecret(text: unknown, param = "secret"): SigningKey {
  if (typeof text !== "string") {
    throw invalid(param, `is ${text === null ? "null" : typeof text} instead of text`, `${acceptsV1}; ${acceptsV1a}`);
  }
  if (text.startsWith("whsec_")) return symmetricKey(text.slice("whsec_".length), param);
  if (text.startsWith("whsk_")) return asymmetricKey(text.slice("whsk_".length), param);
  if (text.startsWith("whpk_")) throw invalid(param, "is a public key (whpk_), which cannot sign", acceptsV1a);
  throw invalid(param, "starts with neither whsec_ nor whsk_", `${acceptsV1}; ${acceptsV1a}`);
}

/** What receivers verify a v1a secret's signatures with, `whpk_…`; `null` for a v1 secret. Throws `invalid_secret`. */
export function publicKeyOf(secret: string): string | null {
  const key = parseSecret(secret);
  return key.version === "v1a" ? key.publicKey : null;
}

/** Enough of a secret to tell it from others: `whsec_…` and its last four characters. */
export function secretHint(secret: string): string {
  return `${secret.slice(0, secret.indexOf("_") + 1)}…${secret.slice(-4)}`;
}

/**
 * The bytes of standard base64, padded or not; `null` for anything else. Unused bits at the end are ignored, as the
 * receivers' libraries do.
 */
export function decodeBase64(text: string): Buffer | null {
  const [, digits, padding] = /^([A-Za-z0-9+/]*)(={0,2})$/.exec(text) ?? [];
  if (digits === undefined || digits.length % 4 === 1) return null;
  if (padding !== "" && text.length % 4 !== 0) return null;
  return Buffer.from(digits, "base64");
}

const acceptsV1 =
  `a v1 secret is whsec_ and the base64 of ${minBytes} to ${maxBytes} random bytes: ` +
  `generateSecret("v1"), or echo "whsec_$(openssl rand -base64 ${newBytes})"`;
const acceptsV1a =
  `a v1a secret is whsk_ and the base64 of ${2 * halfBytes} bytes, ` +
  `an ed25519 seed and then its public key: generateSecret("v1a")`;
const notBase64 = "is not standard base64 (A-Z a-z 0-9 + / and = at the end, no spaces or line breaks)";

function symmetricKey(encoded: string, param: string): SigningKey {
  const bytes = decodeBase64(encoded);
  if (bytes === null) throw invalid(param, notBase64, acceptsV1);
  if (bytes.length < minBytes || bytes.length > maxBytes)
    throw invalid(param, `holds ${bytes.length} bytes`, acceptsV1);
  if (bytes.every((byte) => byte === bytes[0])) throw invalid(param, "is one byte repeated, not random", acceptsV1);
  return { version: "v1", key: createSecretKey(bytes) };
}

function asymmetricKey(encoded: string, param: string): SigningKey {
  const bytes = decodeBase64(encoded);
  if (bytes === null) throw invalid(param, notBase64, acceptsV1a);
  if (bytes.length !== 2 * halfBytes) throw invalid(param, `holds ${bytes.length} bytes`, acceptsV1a);
  const d = bytes.subarray(0, halfBytes).toString("base64url");
  const x = bytes.subarray(halfBytes).toString("base64url");
  const key = createPrivateKey({ key: { kty: "OKP", crv: "Ed25519", d, x }, format: "jwk" });
  // The import derives the public key from `d` and does not look at `x`.
  if (createPublicKey(key).export({ format: "jwk" }).x !== x) {
    throw invalid(param, "holds a public key that does not belong to its seed", acceptsV1a);
  }
  return { version: "v1a", key, publicKey: `whpk_${base64urlBytes(x).toString("base64")}` };
}

function base64urlBytes(part: JsonWebKey["x"]): Buffer {
  return Buffer.from(part ?? "", "base64url");
}

function invalid(param: string, problem: string, accepted: string): OuthookError {
  return new OuthookError("invalid_secret", `${param} ${problem}; ${accepted}`, { param });
}
