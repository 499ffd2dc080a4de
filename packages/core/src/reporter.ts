import type { DeliverReports } from "./deliver.ts";
import type { Directory } from "./directory.ts";
import { createDisabling } from "./disabling.ts";
import type { DeliveryReport, Listeners } from "./listeners.ts";
import type { Settings } from "./settings.ts";
import type { Claim, Settlement } from "./settlement.ts";
import type { Store } from "./store/index.ts";

/** Tells the host what was settled, and disables the endpoints that follow from it. */
export function createReporter(input: {
  readonly store: Store;
  readonly directory: Directory;
  readonly listeners: Listeners;
  readonly settings: Settings;
}): DeliverReports {
  const { listeners } = input;
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
    ...createDisabling(input),
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
