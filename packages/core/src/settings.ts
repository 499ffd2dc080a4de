import { parseSchedule, schedules } from "./backoff.ts";
import { checkFunction, checkMethods, checkOptions } from "./check-options.ts";
import type { Clock } from "./clock.ts";
import { systemClock } from "./clock.ts";
import { OuthookError } from "./errors.ts";
import type { AnyEvents } from "./events.ts";
import type { AutoDisable } from "./health.ts";
import type { IdPrefixes } from "./id.ts";
import type { Logger } from "./logger.ts";
import { atMostEverySecond, consoleLogger } from "./logger.ts";
import type { DispatcherOptions, EnvelopeInput, LimitOptions, OuthookOptions, WireOptions } from "./options.ts";
import type { PartitionLayout } from "./partition.ts";
import { defaultPartitions } from "./partition.ts";
import { shown } from "./shown.ts";

/** The options with defaults filled in and everything checked. */
export type Settings = {
  readonly environment: string;
  readonly idPrefixes: IdPrefixes;
  readonly envelope: ((input: EnvelopeInput) => unknown) | null;
  readonly userAgent: string;
  readonly scheduleSeconds: readonly number[];
  /** `null` for never. */
  readonly autoDisable: AutoDisable | null;
  readonly concurrency: number;
  readonly perEndpoint: number;
  readonly perOrigin: number;
  readonly leaseMs: number;
  readonly maxTimeoutSeconds: number;
  readonly pollMs: number;
  readonly bodyBytes: number;
  readonly endpointsPerTenant: number;
  readonly waitingSends: number;
  readonly layout: PartitionLayout;
  readonly clock: Clock;
  /** `now` for the store: absent unless the host passed a clock, so that the store uses its own. */
  readonly storeNow: () => number | undefined;
  readonly random: () => number;
  readonly logger: Logger;
};

/** What a lease must have left beyond the timeout when a request starts: time to write the settlement. */
export const leaseMarginMs = 5_000;
/** What a lease must have beyond that: time to wait for a slot, or no claim would ever be sent. */
const leaseWaitMs = 5_000;

/** Checks the options and fills in the defaults. Throws `invalid_options` naming the option. */
export function resolveOptions(
  options: Omit<OuthookOptions<AnyEvents, never>, "store" | "events" | "secretKeys">,
): Settings {
  checkShape(options);
  return {
    environment: name("environment", options.environment ?? "default"),
    ...wireSettings(options.wire ?? {}),
    scheduleSeconds: parseSchedule(options.retry?.scheduleSeconds ?? schedules.default),
    autoDisable: autoDisable(options.autoDisable),
    ...dispatcherSettings(options.dispatcher ?? {}),
    ...limitSettings(options.limits ?? {}),
    layout: { partitions: defaultPartitions, spread: spread(options.spread ?? {}) },
    ...clockSettings(options.clock),
    random: options.random ?? Math.random,
    logger: atMostEverySecond(options.logger ?? consoleLogger, systemClock.monotonic),
  };
}

function checkShape(options: object): void {
  const { wire, retry, dispatcher, limits, network, clock, random, logger, transport }: Record<string, unknown> = {
    ...options,
  };
  checkOptions("wire", wire, ["idPrefixes", "envelope", "userAgent"]);
  checkOptions("retry", retry, ["scheduleSeconds"]);
  checkOptions("dispatcher", dispatcher, [
    "concurrency",
    "perEndpoint",
    "perOrigin",
    "leaseMs",
    "maxTimeoutSeconds",
    "pollMs",
  ]);
  checkOptions("limits", limits, ["bodyBytes", "endpointsPerTenant", "waitingSends"]);
  checkOptions("network", network, ["allow", "deny", "ports", "allowHttp", "ca", "resolver"]);
  checkMethods("clock", clock, ["now", "monotonic"]);
  checkMethods("logger", logger, ["warn", "error"]);
  checkMethods("transport", transport, ["send", "close"]);
  checkFunction("random", random);
}

function wireSettings(wire: WireOptions): Pick<Settings, "idPrefixes" | "envelope" | "userAgent"> {
  const { idPrefixes = {} } = wire;
  checkOptions("wire.idPrefixes", idPrefixes, ["message", "endpoint"]);
  checkFunction("wire.envelope", wire.envelope);
  return {
    idPrefixes: {
      message: prefix("wire.idPrefixes.message", idPrefixes.message ?? "msg_"),
      endpoint: prefix("wire.idPrefixes.endpoint", idPrefixes.endpoint ?? "ep_"),
    },
    envelope: wire.envelope ?? null,
    userAgent: name("wire.userAgent", wire.userAgent ?? "Outhook"),
  };
}

type DispatcherSettings = Pick<
  Settings,
  "concurrency" | "perEndpoint" | "perOrigin" | "leaseMs" | "maxTimeoutSeconds" | "pollMs"
>;

function dispatcherSettings(dispatcher: DispatcherOptions): DispatcherSettings {
  const {
    concurrency = 256,
    perEndpoint = 16,
    perOrigin = 64,
    leaseMs = 90_000,
    maxTimeoutSeconds = 60,
    pollMs = 100,
  } = dispatcher;
  check("dispatcher.concurrency", concurrency, [1, 10_000]);
  check("dispatcher.perEndpoint", perEndpoint, [1, 10_000]);
  check("dispatcher.perOrigin", perOrigin, [1, 10_000]);
  check("dispatcher.leaseMs", leaseMs, [1, 3_600_000]);
  check("dispatcher.maxTimeoutSeconds", maxTimeoutSeconds, [1, 60]);
  check("dispatcher.pollMs", pollMs, [1, 60_000]);
  const spareMs = leaseMarginMs + leaseWaitMs;
  if (leaseMs >= maxTimeoutSeconds * 1_000 + spareMs) {
    return { concurrency, perEndpoint, perOrigin, leaseMs, maxTimeoutSeconds, pollMs };
  }
  throw new OuthookError(
    "invalid_options",
    `dispatcher.leaseMs is ${leaseMs}, but it must exceed the longest endpoint timeout (${maxTimeoutSeconds} s) by ` +
      `${spareMs} ms, or a request could outlive its claim: raise leaseMs or lower dispatcher.maxTimeoutSeconds`,
    { param: "dispatcher.leaseMs" },
  );
}

function autoDisable(option: OuthookOptions<AnyEvents, never>["autoDisable"] = {}): AutoDisable | null {
  if (option === false) return null;
  checkOptions("autoDisable", option, ["messages", "hours"]);
  const { messages = 5, hours = 24 } = option;
  check("autoDisable.messages", messages, [1, 1_000]);
  check("autoDisable.hours", hours, [0, 8_760]);
  return { messages, hours };
}

function limitSettings(limits: LimitOptions): Pick<Settings, "bodyBytes" | "endpointsPerTenant" | "waitingSends"> {
  const { bodyBytes = 1024 * 1024, endpointsPerTenant = 100, waitingSends = 10_000 } = limits;
  check("limits.bodyBytes", bodyBytes, [1, 64 * 1024 * 1024]);
  check("limits.endpointsPerTenant", endpointsPerTenant, [1, 1_000_000]);
  check("limits.waitingSends", waitingSends, [1, 1_000_000]);
  return { bodyBytes, endpointsPerTenant, waitingSends };
}

function clockSettings(clock: Clock | undefined): Pick<Settings, "clock" | "storeNow"> {
  return clock === undefined
    ? { clock: systemClock, storeNow: () => undefined }
    : { clock, storeNow: () => clock.now() };
}

function spread(named: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  for (const [tenant, count] of Object.entries(named)) check(`spread[${shown(tenant)}]`, count, [1, defaultPartitions]);
  return { ...named };
}

function check(param: string, value: number, [min, max]: readonly [min: number, max: number]): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new OuthookError(
    "invalid_options",
    `${param} is ${shown(value)}; it must be a whole number from ${min} to ${max}`,
    { param },
  );
}

function name(param: string, value: string): string {
  if (typeof value === "string" && /^[\x21-\x7e](?:[\x20-\x7e]{0,126}[\x21-\x7e])?$/.test(value)) return value;
  throw new OuthookError(
    "invalid_options",
    `${param} is ${shown(value)}; it must be 1 to 128 printable ASCII characters`,
    { param },
  );
}

function prefix(param: string, value: string): string {
  if (typeof value === "string" && /^[A-Za-z0-9_-]{0,32}$/.test(value)) return value;
  throw new OuthookError(
    "invalid_options",
    `${param} is ${shown(value)}; it must be at most 32 letters, digits, "_" or "-", as ids go into headers and signatures`,
    { param },
  );
}
