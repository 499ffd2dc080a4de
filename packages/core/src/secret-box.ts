import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { OuthookError } from "./errors.ts";
import { shown } from "./shown.ts";
import type { Secret } from "./secret.ts";
import { decodeBase64, secretOf } from "./secret.ts";

/**
 * The keys that encrypt signing secrets and custom headers at rest, or `"plaintext"` to keep them readable in the database.
 *
 * Each key is exactly 32 bytes, as base64 text or as bytes, under an id of 1–32 letters, digits, `_` or `-`. `current`
 * names the one that seals; the others only open, so that a new key can be made current while old rows still exist.
 * With keys given, secrets kept as plain text open too, so that encryption can be switched on later.
 *
 * A key that something in the database is sealed with must be here, or nothing is delivered, and no secret is made. One that is
 * gone for good is `"lost"`, said in words: what it sealed stays shut, and all else works.
 *
 * @example
 * { current: "k2", keys: { k2: process.env.OUTHOOK_KEY_2, k1: process.env.OUTHOOK_KEY_1 } }
 */
export type SecretKeys =
  | "plaintext"
  | { readonly current: string; readonly keys: Readonly<Record<string, string | Uint8Array>> };

/** Which row a sealed text belongs to: a signing secret, an endpoint's custom headers, a kept answer. It opens nowhere else. */
export type SealedPlace =
  | { readonly table: "secrets"; readonly tenant: string; readonly endpointId: string; readonly secretId: string }
  | { readonly table: "headers"; readonly tenant: string; readonly endpointId: string }
  | { readonly table: "answers"; readonly tenant: string; readonly scope: string; readonly key: string };

/** Turns what must not be readable in the database into what the store keeps, and back. */
export type SecretBox = {
  /** What {@link keyIdOf} says of what this box seals. */
  readonly keyId: string;
  /** True for the ids of the keys given, lost ones too, and for `plaintext`. */
  readonly knows: (keyId: string) => boolean;
  readonly seal: (secret: string, place: SealedPlace) => string;
  /**
   * Throws `unknown_secret_key` when the key that sealed it is not among the keys, and `internal` when the sealed text
   * was changed, belongs to another place, or was sealed with another key of that id.
   */
  readonly open: (sealed: string, place: SealedPlace) => Secret;
};

/** Stands for no key: what it "sealed" can be read in the database. */
const plaintextId = "plaintext";
/** Stands for a key that is gone for good. */
const lost = "lost";

const cipher = "aes-256-gcm";
const keyBytes = 32;
const ivBytes = 12;
const tagBytes = 16;
const keyId = /^[A-Za-z0-9_-]{1,32}$/;
const plainPrefix = "plain.";

/**
 * Which key sealed a text that a store keeps: its id, `plaintext` for one that is not encrypted, and nothing, `""`, for a
 * form that this version does not know.
 */
export function keyIdOf(sealed: string): string {
  if (sealed.startsWith(plainPrefix)) return plaintextId;
  const [version, id = ""] = sealed.split(".", 2);
  return version === "v1" && keyId.test(id) ? id : "";
}

/**
 * Makes the box that seals with the current key: AES-256-GCM under a fresh random IV, bound to the place.
 *
 * A sealed secret is `v1.<key id>.<iv>.<tag>.<ciphertext>` in base64url, or `plain.<secret>`. Throws `invalid_options`
 * for keys that cannot be used.
 */
export function createSecretBox(secretKeys: SecretKeys): SecretBox {
  const { current, keys } = importKeys(secretKeys);
  return {
    keyId: current?.id ?? plaintextId,
    knows: (id) => id === plaintextId || keys.has(id),
    seal: (secret, place) => (current === null ? plainPrefix + secret : encrypt(secret, place, current)),
    open: (sealed, place) => {
      if (sealed.startsWith(plainPrefix)) return secretOf(sealed.slice(plainPrefix.length));
      const parts = parseSealed(sealed);
      if (parts === null) throw unopened(place, "has a form that this version does not know");
      const key = keys.get(parts.keyId);
      if (key === undefined) throw unknownKey(parts.keyId, place);
      if (key === lost) throw lostKey(parts.keyId, place);
      return decrypt(parts, place, key);
    },
  };
}

type NamedKey = { readonly id: string; readonly key: KeyObject };
type Sealed = { readonly keyId: string; readonly iv: Buffer; readonly tag: Buffer; readonly ciphertext: Buffer };

function encrypt(secret: string, place: SealedPlace, { id, key }: NamedKey): string {
  const iv = randomBytes(ivBytes);
  const encryption = createCipheriv(cipher, key, iv, { authTagLength: tagBytes }).setAAD(placeBytes(place));
  const ciphertext = Buffer.concat([encryption.update(secret, "utf8"), encryption.final()]);
  const parts = [iv, encryption.getAuthTag(), ciphertext].map((part) => part.toString("base64url"));
  return ["v1", id, ...parts].join(".");
}

function decrypt(sealed: Sealed, place: SealedPlace, key: KeyObject): Secret {
  const decryption = createDecipheriv(cipher, key, sealed.iv, { authTagLength: tagBytes })
    .setAAD(placeBytes(place))
    .setAuthTag(sealed.tag);
  try {
    return secretOf(Buffer.concat([decryption.update(sealed.ciphertext), decryption.final()]).toString("utf8"));
  } catch {
    throw unopened(
      place,
      `does not open with key "${sealed.keyId}": the row was changed or belongs elsewhere, ` +
        `or secretKeys.keys.${sealed.keyId} is no longer the key that sealed it`,
    );
  }
}

/** JSON quotes every part, so that no two places give the same bytes. */
function placeBytes(place: SealedPlace): Buffer {
  return Buffer.from(JSON.stringify([place.table, place.tenant, ...namesIn(place)]));
}

function namesIn(place: SealedPlace): readonly string[] {
  switch (place.table) {
    case "secrets":
      return [place.endpointId, place.secretId];
    case "headers":
      return [place.endpointId];
    case "answers":
      return [place.scope, place.key];
  }
}

function parseSealed(text: string): Sealed | null {
  const [version, id, iv, tag, ciphertext, ...rest] = text.split(".");
  if (version !== "v1" || id === undefined || !keyId.test(id) || rest.length > 0) return null;
  const parts = { keyId: id, iv: decodePart(iv), tag: decodePart(tag), ciphertext: decodePart(ciphertext) };
  return parts.iv.length === ivBytes && parts.tag.length === tagBytes && parts.ciphertext.length > 0 ? parts : null;
}

/** Empty unless this is the one spelling of some bytes, so that a changed character never goes unnoticed. */
function decodePart(text = ""): Buffer {
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : Buffer.alloc(0);
}

const keyAdvice = "make one with: openssl rand -base64 32";

function importKeys(secretKeys: unknown): {
  readonly current: NamedKey | null;
  readonly keys: ReadonlyMap<string, KeyObject | typeof lost>;
} {
  if (secretKeys === "plaintext") return { current: null, keys: new Map() };
  if (!isRecord(secretKeys) || !isRecord(secretKeys["keys"])) {
    throw invalid(
      "secretKeys",
      'must be { current: "k1", keys: { k1: … } }, or "plaintext" to keep signing secrets readable in the database',
    );
  }
  const keys = new Map(Object.entries(secretKeys["keys"]).map(([id, value]) => [id, importKey(id, value)]));
  const { current: id } = secretKeys;
  const key = typeof id === "string" ? keys.get(id) : undefined;
  if (typeof id !== "string" || key === undefined) {
    throw invalid(
      "secretKeys.current",
      `must be the id of one of secretKeys.keys (${[...keys.keys()].join(", ") || "none"})`,
    );
  }
  if (key === lost) throw invalid("secretKeys.current", `names ${id}, which is "lost"; ${keyAdvice}, under a new id`);
  return { current: { id, key }, keys };
}

function importKey(id: string, value: unknown): KeyObject | typeof lost {
  if (id === plaintextId) throw invalid("secretKeys.keys", `has the id ${id}, which stands for no key; choose another`);
  if (!keyId.test(id)) {
    throw invalid("secretKeys.keys", `has an id that is not 1 to 32 letters, digits, _ or -: ${shown(id)}`);
  }
  if (value === lost) return lost;
  const param = `secretKeys.keys.${id}`;
  if (value === undefined || value === "") {
    const received = value === undefined ? "undefined" : "empty";
    throw invalid(param, `is ${received}; is its environment variable set? If there is no key yet, ${keyAdvice}`);
  }
  const bytes = typeof value === "string" ? decodeBase64(value) : value;
  if (bytes === null) throw invalid(param, `is not base64 text (no spaces or line breaks); ${keyAdvice}`);
  if (!(bytes instanceof Uint8Array)) throw invalid(param, `must be base64 text or a Uint8Array; ${keyAdvice}`);
  if (bytes.length !== keyBytes) {
    throw invalid(param, `holds ${bytes.length} bytes, but a key has exactly ${keyBytes}; ${keyAdvice}`);
  }
  return createSecretKey(bytes);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function invalid(param: string, problem: string): OuthookError {
  return new OuthookError("invalid_options", `${param} ${problem}`, { param });
}

function unknownKey(id: string, place: SealedPlace): OuthookError {
  return new OuthookError(
    "unknown_secret_key",
    `${described(place).what} was sealed with key "${id}", which is not there`,
    { hint: `add ${id} to secretKeys.keys` },
  );
}

function lostKey(id: string, place: SealedPlace): OuthookError {
  const { what, remedy } = described(place);
  return new OuthookError("unknown_secret_key", `${what} was sealed with key "${id}", which is lost`, { hint: remedy });
}

function unopened(place: SealedPlace, problem: string): OuthookError {
  const { what, remedy } = described(place);
  return new OuthookError("internal", `${what} ${problem}`, { hint: `restore the row or the key, or ${remedy}` });
}

function described(place: SealedPlace): { readonly what: string; readonly remedy: string } {
  switch (place.table) {
    case "secrets":
      return {
        what: `secret ${place.secretId} of endpoint ${place.endpointId}`,
        remedy: "rotate the endpoint's secret",
      };
    case "headers":
      return {
        what: `the text of the custom headers of endpoint ${place.endpointId}`,
        remedy: "clear them with headers: null and set them anew",
      };
    case "answers":
      return {
        what: `the answer kept for ${place.scope} under idempotencyKey ${shown(place.key)}`,
        remedy: "use another idempotencyKey",
      };
  }
}
