import { checkFunction, checkOptions } from "./check-options.ts";
import { isOuthookError, OuthookError } from "./errors.ts";
import { checkSecretKeys } from "./identity.ts";
import type { SealedPlace, SecretBox } from "./secret-box.ts";
import type { Settings } from "./settings.ts";
import { shown } from "./shown.ts";
import type { Store } from "./store/index.ts";
import type { SealedText } from "./store/secrets.ts";

/** What `resealSecrets` has done so far. */
export type ResealProgress = {
  /** Signing secrets, and texts of custom headers, that are sealed with the current key now. */
  readonly resealed: number;
  /** Those that could not be opened, for their key is lost or their row was changed; each is logged and stays as it is. */
  readonly unopened: number;
};

/** Options of `resealSecrets`. */
export type ResealOptions = {
  /** Most to seal anew in this call, one secret or one endpoint's headers each. Default: all. */
  readonly limit?: number | undefined;
  /** Called after each step of at most 50. */
  readonly onProgress?: ((soFar: ResealProgress) => void) | undefined;
};

export type ResealResult = ResealProgress & {
  /**
   * Keys other than the current one that something is still sealed with, kept answers included, and `plaintext` when some of
   * it is readable. Keys that are not in this list can be removed from `secretKeys.keys`.
   */
  readonly stillInUse: readonly string[];
};

/** Texts in one step, so that SQLite and the sealing take few milliseconds of the event loop. */
const stepSize = 50;

/** Makes `resealSecrets`. It throws `unknown_secret_key` when there are keys that are not given. */
export function createResealing(input: {
  readonly store: Store;
  readonly secretBox: SecretBox;
  readonly settings: Settings;
}): (options?: ResealOptions) => Promise<ResealResult> {
  const { secretBox, settings } = input;
  const { secrets } = input.store;
  const { clock, logger } = settings;

  const otherKeyIds = async (): Promise<readonly string[]> => {
    const ids = await secrets.keyIds({ now: clock.now() });
    return ids.filter((id) => id !== secretBox.keyId).toSorted();
  };

  /** Sealed anew, or `null` when it cannot be opened. */
  const resealedText = ({ sealed, ...name }: SealedText): string | null => {
    const place = placeOf(name);
    try {
      return secretBox.seal(secretBox.open(sealed, place).reveal(), place);
    } catch (error) {
      if (!isOuthookError(error)) throw error;
      logger.error({ error, endpointId: name.endpointId }, "a secret could not be opened; it stays sealed as it is");
      return null;
    }
  };

  return async (options = {}) => {
    checkOptions("", options, ["limit", "onProgress"]);
    checkFunction("onProgress", options.onProgress);
    const limit = parseLimit(options.limit);
    await checkSecretKeys(input);
    const soFar = { resealed: 0, unopened: 0 };
    for (const keyId of await otherKeyIds()) {
      let after: SealedText | undefined;
      while (soFar.resealed < limit) {
        const found = await secrets.sealedWith({ keyId, after, limit: Math.min(stepSize, limit - soFar.resealed) });
        after = found.at(-1);
        if (after === undefined) break;
        const texts = found.flatMap((text) => {
          const resealed = resealedText(text);
          return resealed === null ? [] : [{ ...text, resealed }];
        });
        soFar.unopened += found.length - texts.length;
        soFar.resealed += await secrets.reseal({ texts });
        options.onProgress?.({ ...soFar });
      }
    }
    return { ...soFar, stillInUse: await otherKeyIds() };
  };
}

function placeOf({ tenant, endpointId, secretId }: Omit<SealedText, "sealed">): SealedPlace {
  return secretId === null
    ? { table: "headers", tenant, endpointId }
    : { table: "secrets", tenant, endpointId, secretId };
}

function parseLimit(limit: number | undefined): number {
  if (limit === undefined || (Number.isInteger(limit) && limit > 0)) return limit ?? Infinity;
  throw new OuthookError("invalid_options", `limit is ${shown(limit)}; it must be a whole number from 1`, {
    param: "limit",
  });
}
