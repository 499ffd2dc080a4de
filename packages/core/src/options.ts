import type { Clock } from "./clock.ts";
import { systemClock } from "./clock.ts";
import { parseSchedule, schedules } from "./backoff.ts";
import { OuthookError } from "./errors.ts";
import type { AnyEvents } from "./events.ts";
import type { IdPrefixes } from "./id.ts";
import type { Logger } from "./logger.ts";
import { consoleLogger } from "./logger.ts";
import type { NetworkOptions } from "./network.ts";
import { defaultPartitions } from "./partition.ts";
import type { PartitionLayout } from "./partition.ts";
import type { SecretKeys } from "./secret-box.ts";
import type { Store } from "./store/index.ts";
import type { Transport } from "./transport.ts";

/** What an envelope is made of. */
export type EnvelopeInput = {
  readonly id: string;
  readonly type: string;
  readonly tenant: string;
  /** When the message was accepted. */
  readonly timestamp: Date;
  /** The schema's validated output. */
  readonly data: unknown;
};

/** What receivers see. Choose once: changing it changes what your customers' code has to read. */
export type WireOptions = {
  /** Default `msg_` and `ep_`. Letters, digits, `_` and `-`; may be empty. */
  readonly idPrefixes?: Partial<IdPrefixes> | undefined;
  /** Makes the body's JSON. Default `{ type, timestamp, data }`, as Standard Webhooks recommends. */
  readonly envelope?: ((input: EnvelopeInput) => unknown) | undefined;
  /** Default `Outhook`. */
  readonly userAgent?: string | undefined;
};

/** How a dispatcher works. */
export type DispatcherOptions = {
  /** Most requests open at once. Default 256. */
  readonly concurrency?: number | undefined;
  /** Most requests open at once to one endpoint, so that a slow one cannot take all. Default 16. */
  readonly perEndpoint?: number | undefined;
  /** How long a claim is ours. Must exceed `maxTimeoutSeconds` by 5 s. Default 90,000. */
  readonly leaseMs?: number | undefined;
  /** The longest timeout an endpoint may have; lower it to let leases be shorter. 1–60, default 60. */
  readonly maxTimeoutSeconds?: number | undefined;
  /** How often to look for work that no wake announced. Default 100. */
  readonly pollMs?: number | undefined;
};

/** Bounds of what is accepted. */
export type LimitOptions = {
  /** Bytes of a body. Default 1 MiB. */
  readonly bodyBytes?: number | undefined;
  /** Default 100. */
  readonly endpointsPerTenant?: number | undefined;
};

/** Options of `createOuthook`. */
export type OuthookOptions<C extends AnyEvents, Tx> = {
  readonly store: Store<Tx>;
  /** The event catalogue. Without it any well-formed event type and any JSON payload is accepted. */
  readonly events?: C | undefined;
  /** Keys that encrypt the signing secrets at rest, or `"plaintext"`, said in words. */
  readonly secretKeys: SecretKeys;
  /** Where requests may go. Default: public addresses over HTTPS. */
  readonly network?: NetworkOptions | undefined;
  /**
   * Which environment the store belongs to, written down by the first `migrate`. A dispatcher refuses to run on a store
   * that says otherwise, so that a copy of the production database does not deliver. Default `default`.
   */
  readonly environment?: string | undefined;
  readonly wire?: WireOptions | undefined;
  /** Seconds before each retry. Default `schedules.default`. */
  readonly retry?: { readonly scheduleSeconds?: readonly number[] | undefined } | undefined;
  readonly dispatcher?: DispatcherOptions | undefined;
  readonly limits?: LimitOptions | undefined;
  /** Very large tenants → how many partitions each uses. May grow, must not shrink. */
  readonly spread?: Readonly<Record<string, number>> | undefined;
  /** Default: HTTP over guarded connections. */
  readonly transport?: Transport | undefined;
  /** Default: the system's clock, and the store's own for what is due. Tests pass a manual one. */
  readonly clock?: Clock | undefined;
  /** 0 ≤ x < 1, for jitter. Default `Math.random`. */
  readonly random?: (() => number) | undefined;
  /** Default: the console. */
  readonly logger?: Logger | undefined;
};

/** The options with defaults filled in and everything checked. */
export type Settings = {
  readonly environment: string;
  readonly idPrefixes: IdPrefixes;
  readonly envelope: ((input: EnvelopeInput) => unknown) | null;
  readonly userAgent: string;
  readonly scheduleSeconds: readonly number[];
  readonly concurrency: number;
  readonly perEndpoint: number;
  readonly leaseMs: number;
  readonly maxTimeoutSeconds: number;
  readonly pollMs: number;
  readonly bodyBytes: number;
  readonly endpointsPerTenant: number;
  readonly layout: PartitionLayout;
  readonly clock: Clock;
  /** `now` for the store: absent unless the host passed a clock, so that the store uses its own. */
  readonly storeNow: () => number | undefined;
  readonly random: () => number;
  readonly logger: Logger;
};

/** What a lease must have left beyond the timeout when a request starts: time to write the settlement. */
export const leaseMarginMs = 5_000;

/** Checks the options and fills in the defaults. Throws `invalid_options` naming the option. */
export function resolveOptions(
  options: Omit<OuthookOptions<AnyEvents, never>, "store" | "events" | "secretKeys">,
): Settings {
  const dispatcher = options.dispatcher ?? {};
  const maxTimeoutSeconds = integer("dispatcher.maxTimeoutSeconds", dispatcher.maxTimeoutSeconds, 60, 1, 60);
  const leaseMs = integer("dispatcher.leaseMs", dispatcher.leaseMs, 90_000, 1, 3_600_000);
  if (leaseMs <= maxTimeoutSeconds * 1_000 + leaseMarginMs) {
    throw new OuthookError(
      "invalid_options",
      `dispatcher.leaseMs is ${leaseMs}, but it must exceed the longest endpoint timeout (${maxTimeoutSeconds} s) by more ` +
        `than ${leaseMarginMs} ms, or a request could outlive its claim: raise leaseMs or lower dispatcher.maxTimeoutSeconds`,
      { param: "dispatcher.leaseMs" },
    );
  }
  const { clock } = options;
  return {
    environment: name("environment", options.environment ?? "default"),
    idPrefixes: {
      message: prefix("wire.idPrefixes.message", options.wire?.idPrefixes?.message ?? "msg_"),
      endpoint: prefix("wire.idPrefixes.endpoint", options.wire?.idPrefixes?.endpoint ?? "ep_"),
    },
    envelope: options.wire?.envelope ?? null,
    userAgent: name("wire.userAgent", options.wire?.userAgent ?? "Outhook"),
    scheduleSeconds: parseSchedule(options.retry?.scheduleSeconds ?? schedules.default),
    concurrency: integer("dispatcher.concurrency", dispatcher.concurrency, 256, 1, 10_000),
    perEndpoint: integer("dispatcher.perEndpoint", dispatcher.perEndpoint, 16, 1, 10_000),
    leaseMs,
    maxTimeoutSeconds,
    pollMs: integer("dispatcher.pollMs", dispatcher.pollMs, 100, 1, 60_000),
    bodyBytes: integer("limits.bodyBytes", options.limits?.bodyBytes, 1024 * 1024, 1, 64 * 1024 * 1024),
    endpointsPerTenant: integer("limits.endpointsPerTenant", options.limits?.endpointsPerTenant, 100, 1, 1_000_000),
    layout: { partitions: defaultPartitions, spread: spread(options.spread ?? {}) },
    clock: clock ?? systemClock,
    storeNow: clock === undefined ? () => undefined : () => clock.now(),
    random: options.random ?? Math.random,
    logger: options.logger ?? consoleLogger,
  };
}

function integer(param: string, value: number | undefined, fallback: number, min: number, max: number): number {
  const chosen = value ?? fallback;
  if (Number.isInteger(chosen) && chosen >= min && chosen <= max) return chosen;
  throw new OuthookError(
    "invalid_options",
    `${param} is ${String(chosen)}; it must be a whole number from ${min} to ${max}`,
    {
      param,
    },
  );
}

function name(param: string, value: string): string {
  if (/^[\x21-\x7e](?:[\x20-\x7e]{0,126}[\x21-\x7e])?$/.test(value)) return value;
  throw new OuthookError("invalid_options", `${param} must be 1 to 128 printable ASCII characters`, { param });
}

function prefix(param: string, value: string): string {
  if (/^[A-Za-z0-9_-]{0,32}$/.test(value)) return value;
  throw new OuthookError(
    "invalid_options",
    `${param} must be at most 32 letters, digits, "_" or "-": ids go into headers and signatures`,
    { param },
  );
}

function spread(named: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  for (const [tenant, count] of Object.entries(named)) integer(`spread[${tenant}]`, count, 1, 1, defaultPartitions);
  return { ...named };
}
