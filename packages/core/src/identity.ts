import { OuthookError } from "./errors.ts";
import type { Settings } from "./settings.ts";
import type { Store } from "./store/index.ts";

/** Throws unless the store is migrated and belongs to this environment. */
export async function checkIdentity(store: Store, settings: Settings): Promise<void> {
  const { environment, partitions } = await store.upkeep.identity();
  if (environment !== settings.environment) {
    throw new OuthookError(
      "environment_mismatch",
      `this store belongs to the environment "${environment}", but createOuthook says "${settings.environment}"; ` +
        "the dispatcher does not run, so that a copy of a database does not deliver what the original delivers. " +
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
}
