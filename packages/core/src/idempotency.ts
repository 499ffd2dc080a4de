import { hash } from "node:crypto";
import type { Clock } from "./clock.ts";
import { OuthookError } from "./errors.ts";
import type { StoredAnswer } from "./model.ts";
import type { Secret } from "./secret.ts";
import type { SecretBox } from "./secret-box.ts";
import { shown } from "./shown.ts";
import type { SecretStore } from "./store/secrets.ts";

/** Lets a caller that does not know whether its call arrived make it again. */
export type IdempotencyOptions = {
  /**
   * 1–255 printable ASCII characters without spaces. The same key and input within 24 hours give the first result again,
   * its secret included, whatever has happened since; another input is `idempotency_mismatch`. A call that fails leaves
   * its key unused. Keys belong to one tenant and one operation.
   */
  readonly idempotencyKey?: string | undefined;
};

/** Gives the same result for the same call under the same key. */
export type Idempotency = {
  /**
   * Acts, unless an earlier call has been answered. Of two calls at once one acts, and the other gets its answer.
   *
   * A result consists of what JSON keeps. Throws `idempotency_key_invalid`, `idempotency_mismatch`, and what `act` throws.
   */
  readonly once: <Result extends object>(call: {
    /** Which operation, such as `endpoints.create`. */
    readonly scope: string;
    /** Without one it only acts. */
    readonly key: string | undefined;
    /** What is asked for. */
    readonly asked: unknown;
    /** Writes what `keep` makes of its result in the same step as everything else; or nothing, when it was `answered`. */
    readonly act: (keep: (result: Result) => StoredAnswer | undefined) => Promise<Result | "answered">;
  }) => Promise<Result>;
};

const keptMs = 24 * 60 * 60 * 1_000;

export function createIdempotency(input: {
  readonly tenant: string;
  readonly secrets: SecretStore;
  readonly secretBox: SecretBox;
  readonly clock: Clock;
}): Idempotency {
  const { tenant, secrets, secretBox, clock } = input;

  return {
    once: async ({ scope, key: given, asked, act }) => {
      if (given === undefined) return resultOf(await act(() => undefined));
      const key = parseIdempotencyKey(given);
      const place = { table: "answers", tenant, scope, key } as const;
      const fingerprint = fingerprintOf(asked);

      const find = async (): Promise<Secret | null> => {
        const answer = await secrets.keptAnswer({ tenant, scope, key, now: clock.now() });
        if (answer === null) return null;
        if (answer.fingerprint !== fingerprint) throw mismatch(key);
        return secretBox.open(answer.sealed, place);
      };
      const before = await find();
      if (before !== null) return JSON.parse(before.reveal());
      const made = await act((result) => {
        const createdAt = clock.now();
        const sealed = secretBox.seal(JSON.stringify(result), place);
        return { tenant, scope, key, fingerprint, sealed, createdAt, expiresAt: createdAt + keptMs };
      });
      const meanwhile = made === "answered" ? await find() : null;
      return meanwhile === null ? resultOf(made) : JSON.parse(meanwhile.reveal());
    },
  };
}

/** Checks an idempotency key. Throws `idempotency_key_invalid`. */
export function parseIdempotencyKey(key: unknown): string {
  if (typeof key === "string" && /^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw new OuthookError(
    "idempotency_key_invalid",
    `idempotencyKey is ${shown(key)}; it must be 1 to 255 printable ASCII characters without spaces`,
    { param: "idempotencyKey" },
  );
}

/** The hash of canonical JSON: keys sorted, `undefined` left out. */
function fingerprintOf(asked: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(asked, (_, value: unknown) => sorted(value));
  } catch {
    // A cycle or a BigInt: no answer is kept for what the checks will refuse.
    text = "";
  }
  return hash("sha256", text, "hex");
}

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

function resultOf<Result>(made: Result | "answered"): Result {
  if (made !== "answered") return made;
  // The answer expired between the two looks at it.
  throw new OuthookError("idempotency_in_flight", "idempotencyKey is in use by another call; make this one again", {
    param: "idempotencyKey",
  });
}

function mismatch(key: string): OuthookError {
  const fault = `idempotencyKey ${shown(key)} was used before for another input`;
  const fix = "use a new key for a new call, or pass the same input again";
  return new OuthookError("idempotency_mismatch", `${fault}; ${fix}`, { param: "idempotencyKey" });
}
