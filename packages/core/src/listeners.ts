import { checkFunction } from "./check-options.ts";
import { OuthookError } from "./errors.ts";
import type { DisabledReason } from "./model.ts";
import type { Logger } from "./logger.ts";
import { shown } from "./shown.ts";

/** What a report about a delivery says. */
export type DeliveryReport = {
  readonly tenant: string;
  readonly deliveryId: string;
  readonly messageId: string;
  readonly endpointId: string;
  readonly type: string;
  /** Attempts made so far. */
  readonly attempts: number;
  /** Of the attempt just made; `null` when no status arrived. */
  readonly statusCode: number | null;
  /** Why, in words; `null` after a success. */
  readonly error: string | null;
};

/** The reports a host can listen to, in process. They come after the fact is stored. */
export type Reports = {
  readonly "delivery.succeeded": DeliveryReport;
  readonly "delivery.retrying": DeliveryReport & { readonly nextAttemptInMs: number };
  readonly "delivery.failed": DeliveryReport;
  /** It has come half the way to being disabled; once for each streak of failures, in each process that delivers to it. */
  readonly "endpoint.failing": {
    readonly tenant: string;
    readonly endpointId: string;
    /** Messages in a row whose whole schedule ended without success. */
    readonly exhaustedInRow: number;
    readonly failingSince: Date;
    readonly lastError: string | null;
  };
  readonly "endpoint.disabled": {
    readonly tenant: string;
    readonly endpointId: string;
    readonly reason: DisabledReason;
  };
};

export type ReportName = keyof Reports;

/** In-process reports to the host. A listener that throws or rejects is logged and hurts nobody. */
export type Listeners = {
  /** Returns a function that stops listening. Nobody waits for a listener that is asynchronous. */
  readonly on: <Name extends ReportName>(name: Name, listener: (report: Reports[Name]) => unknown) => () => void;
  readonly report: <Name extends ReportName>(name: Name, report: Reports[Name]) => void;
};

export function createListeners(logger: Logger): Listeners {
  const byName: { [Name in ReportName]: Set<(report: Reports[Name]) => unknown> } = {
    "delivery.succeeded": new Set(),
    "delivery.retrying": new Set(),
    "delivery.failed": new Set(),
    "endpoint.failing": new Set(),
    "endpoint.disabled": new Set(),
  };
  return {
    on: (name, listener) => {
      if (!Object.hasOwn(byName, name)) {
        const known = Object.keys(byName).join(", ");
        throw new OuthookError("invalid_options", `there is no report ${shown(name)}; known are ${known}`, {
          param: "name",
        });
      }
      checkFunction("listener", listener);
      byName[name].add(listener);
      return () => byName[name].delete(listener);
    },
    report: (name, report) => {
      for (const listener of byName[name]) {
        // In a promise, so that what it throws and what it rejects with end in the same place.
        new Promise((resolve) => resolve(listener(report))).catch((error: unknown) => {
          logger.error({ error, report: name }, `a listener of "${name}" threw; the delivery is not affected`);
        });
      }
    },
  };
}
