import { OuthookError } from "./errors.ts";
import type { SecretBox } from "./secret-box.ts";
import type { Settings } from "./settings.ts";
import type { Store } from "./store/index.ts";

type Input = { readonly store: Store; readonly secretBox: SecretBox; readonly settings: Settings };

/** Throws unless the store is migrated, belongs to this environment, and has secrets of known keys only. */
export async function checkIdentity(input: Input): Promise<void> {
  const { store, settings } = input;
  const { environment, partitions } = await store.upkeep.identity();
  if (environment !== settings.environment) {
    throw new OuthookError(
      "environment_mismatch",
      `this store belongs to the environment "${environment}", but createOuthook says "${settings.environment}"; ` +
        "nothing is sent from here, so that a copy of a database does not deliver what the original delivers. " +
        `If it is a copy that is to be "${settings.environment}" from now on, run ` +
        "await outhook.migrate({ adoptEnvironment: true }) once: everything pending in it will then be sent from here",
      { param: "environment" },
    );
  }
  if (partitions !== settings.layout.partitions) {
    throw new OuthookError(
      "invalid_options",
      `this store was set up with ${partitions} partitions, but this version of Outhook uses ${settings.layout.partitions}`,
    );
  }
  await checkSecretKeys(input);
}

/**
 * Throws `unknown_secret_key` when something in the store is sealed with a key that is not among the keys: whoever has other
 * keys must neither deliver nor add secrets that the others cannot open.
 */
export async function checkSecretKeys({ store, secretBox, settings }: Input): Promise<void> {
  const keyIds = await store.secrets.keyIds({ now: settings.clock.now() });
  const missing = keyIds.filter((id) => !secretBox.knows(id)).toSorted();
  if (missing.length === 0) return;
  const [one, them] = missing.length === 1 ? ["a key", "it is"] : ["keys", "they are"];
  throw new OuthookError(
    "unknown_secret_key",
    `the database holds secrets that were sealed with ${one} not given here: ${missing.join(", ")}`,
    {
      hint: `add ${missing.join(" and ")} to secretKeys.keys, or if ${them} gone for good say ${missing.map((id) => `${id}: "lost"`).join(", ")}`,
    },
  );
}

/** `checkSecretKeys` for those who seal: made when first wanted, and not again once it has passed. */
export function createKeyCheck(input: Input): () => Promise<void> {
  return onceItPasses(() => checkSecretKeys(input));
}

/** `checkIdentity` for those who send at once, in the same way. */
export function createIdentityCheck(input: Input): () => Promise<void> {
  return onceItPasses(() => checkIdentity(input));
}

function onceItPasses(check: () => Promise<void>): () => Promise<void> {
  let checked: Promise<void> | null = null;
  return () => {
    checked ??= check().catch((error: unknown) => {
      checked = null;
      throw error;
    });
    return checked;
  };
}
