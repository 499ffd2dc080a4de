import type { DeliverReports } from "./deliver.ts";
import { disabledHoldMs } from "./deliver.ts";
import type { Directory } from "./directory.ts";
import { failingVerdict } from "./health.ts";
import type { Listeners } from "./listeners.ts";
import type { Endpoint, EndpointHealth } from "./model.ts";
import { partitionsOf } from "./partition.ts";
import type { Settings } from "./settings.ts";
import type { Store } from "./store/index.ts";

/** Streaks of failures that were warned of, remembered so that each is warned of once in a process. */
const maxWarned = 10_000;

/** Disables endpoints that want no more, or that fail for too long, and tells the host. */
export function createDisabling(input: {
  readonly store: Store;
  readonly directory: Directory;
  readonly listeners: Listeners;
  readonly settings: Settings;
}): Pick<DeliverReports, "onGone" | "onFailing"> {
  const { store, directory, listeners, settings } = input;
  const { autoDisable, clock, storeNow, layout, logger } = settings;
  const disabling = new Set<string>();
  const warned = new Map<string, number>();

  const disable = async (
    { tenant, id }: Endpoint,
    reason: "gone" | "failing",
    isConcerned: (endpoint: Endpoint) => boolean,
  ): Promise<void> => {
    const found = await store.endpoints.get({ tenant, id });
    if (found === null || !isConcerned(found)) return;
    let disabled = false;
    await store.endpoints.update({
      tenant,
      id,
      change: (endpoint) => {
        disabled = isConcerned(endpoint);
        return disabled
          ? { ...endpoint, status: "disabled", disabledReason: reason, updatedAt: clock.now() }
          : endpoint;
      },
    });
    if (!disabled) return;
    directory.forget(tenant);
    const partitions = partitionsOf(tenant, layout);
    await store.deliveries.hold({ partitions, endpointId: id, holdMs: disabledHoldMs, now: storeNow() });
    listeners.report("endpoint.disabled", { tenant, endpointId: id, reason });
  };

  /** One at a time for each endpoint; what fails is logged, and done by the next answer of that kind. */
  const disableOnce = async (
    endpoint: Endpoint,
    ...how: [Parameters<typeof disable>[1], Parameters<typeof disable>[2]]
  ) => {
    if (disabling.has(endpoint.id)) return;
    disabling.add(endpoint.id);
    try {
      await disable(endpoint, ...how);
    } catch (error) {
      const because = { gone: "answered 410", failing: "has failed for too long" }[how[0]];
      logger.error(
        { error, endpointId: endpoint.id },
        `an endpoint ${because} but could not be disabled; its next answer will do it`,
      );
    } finally {
      disabling.delete(endpoint.id);
    }
  };

  const warn = ({ tenant, id }: Endpoint, { exhaustedInRow, failingSince, lastError }: EndpointHealth): void => {
    if (failingSince === null || warned.get(id) === failingSince) return;
    if (warned.size >= maxWarned) warned.clear();
    warned.set(id, failingSince);
    listeners.report("endpoint.failing", {
      tenant,
      endpointId: id,
      exhaustedInRow,
      failingSince: new Date(failingSince),
      lastError,
    });
  };

  return {
    // The URL may have been corrected, or the endpoint disabled, while the request was open.
    onGone: (_claim, { url, ...sentTo }) =>
      disableOnce({ url, ...sentTo }, "gone", (endpoint) => endpoint.status === "active" && endpoint.url === url),
    onFailing: async (_claim, sentTo, health) => {
      if (autoDisable === null) return;
      switch (failingVerdict(health, autoDisable, clock.now())) {
        case "disable":
          // Whoever changed it meanwhile has perhaps mended it; if not, the next failure counts again.
          return disableOnce(
            sentTo,
            "failing",
            ({ status, updatedAt }) => status === "active" && updatedAt === sentTo.updatedAt,
          );
        case "warn":
          return warn(sentTo, health);
        case null:
          return undefined;
      }
    },
  };
}
