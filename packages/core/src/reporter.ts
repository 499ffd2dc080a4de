import type { DeliverReports } from "./deliver.ts";
import { disabledHoldMs } from "./deliver.ts";
import type { Directory } from "./directory.ts";
import type { DeliveryReport, Listeners } from "./listeners.ts";
import type { StoredEndpoint } from "./model.ts";
import type { Settings } from "./settings.ts";
import { partitionsOf } from "./partition.ts";
import type { Claim, Settlement } from "./settlement.ts";
import type { Store } from "./store/index.ts";

/** Tells the host what was settled, and disables endpoints that are gone. */
export function createReporter(input: {
  readonly store: Store;
  readonly directory: Directory;
  readonly listeners: Listeners;
  readonly settings: Settings;
}): DeliverReports {
  const { store, directory, listeners, settings } = input;
  const { clock, storeNow, layout, logger } = settings;

  const disabling = new Set<string>();

  /** Only what answered 410: the URL may have been corrected, or the endpoint disabled, while the request was open. */
  const disable = async ({ tenant, endpointId }: Claim, url: string): Promise<void> => {
    const isConcerned = (endpoint: StoredEndpoint): boolean => endpoint.status === "active" && endpoint.url === url;
    const found = await store.endpoints.get({ tenant, id: endpointId });
    if (found === null || !isConcerned(found)) return;
    const updated = await store.endpoints.update({
      tenant,
      id: endpointId,
      change: (endpoint) =>
        isConcerned(endpoint)
          ? { ...endpoint, status: "disabled", disabledReason: "gone", updatedAt: clock.now() }
          : endpoint,
    });
    if (updated?.disabledReason !== "gone") return;
    directory.forget(tenant);
    const partitions = partitionsOf(tenant, layout);
    await store.deliveries.hold({ partitions, endpointId, holdMs: disabledHoldMs, now: storeNow() });
    listeners.report("endpoint.disabled", { tenant, endpointId, reason: "gone" });
  };

  return {
    onSettled: (claim, settlement) => {
      const report = reportOf(claim, settlement);
      switch (settlement.next.status) {
        case "succeeded":
          return listeners.report("delivery.succeeded", report);
        case "failed":
          return listeners.report("delivery.failed", report);
        case "pending":
          return listeners.report("delivery.retrying", { ...report, nextAttemptInMs: settlement.next.delayMs });
        case "released":
        case "cancelled":
          return undefined;
      }
    },
    onGone: async (claim, url) => {
      const { endpointId } = claim;
      if (disabling.has(endpointId)) return;
      disabling.add(endpointId);
      try {
        await disable(claim, url);
      } catch (error) {
        logger.error(
          { error, endpointId },
          "an endpoint answered 410 but could not be disabled; its next answer will do it",
        );
      } finally {
        disabling.delete(endpointId);
      }
    },
  };
}

function reportOf(claim: Claim, { attempt }: Settlement): DeliveryReport {
  const { tenant, deliveryId, messageId, endpointId, type, attempts } = claim;
  const made = attempt === null ? attempts : attempt.number;
  const error = attempt === null ? lostSentence : errorOf(attempt);
  return {
    tenant,
    deliveryId,
    messageId,
    endpointId,
    type,
    attempts: made,
    statusCode: attempt?.statusCode ?? null,
    error,
  };
}

const lostSentence = "the dispatcher that held it stopped, and no retry was left";

function errorOf({ statusCode, error }: NonNullable<Settlement["attempt"]>): string | null {
  if (statusCode === null) return error;
  return statusCode >= 200 && statusCode <= 299 ? null : `HTTP ${statusCode}`;
}
