import type { Clock } from "./clock.ts";
import type { AnyEvents } from "./events.ts";
import type { AutoDisable } from "./health.ts";
import type { IdPrefixes } from "./id.ts";
import type { Logger } from "./logger.ts";
import type { NetworkOptions } from "./network-options.ts";
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
  /**
   * Most requests open at once. Answers that are not written down yet, which a dispatcher that dies causes to be made again like
   * those, may be four times as many, and at most 256. Default 256.
   */
  readonly concurrency?: number | undefined;
  /** Most requests open at once to one endpoint, so that a slow one cannot take all. Default 16. */
  readonly perEndpoint?: number | undefined;
  /**
   * Most requests open at once to one origin, such as `https://hooks.example.com`, over all tenants that send to it.
   * Default 64.
   */
  readonly perOrigin?: number | undefined;
  /** How long a claim is ours. Must exceed `maxTimeoutSeconds` by 10 s. Default 90,000. */
  readonly leaseMs?: number | undefined;
  /** The longest timeout an endpoint may have; lower it to let leases be shorter. 1–60, default 60. */
  readonly maxTimeoutSeconds?: number | undefined;
  /**
   * How long to sleep at most until the next look for work that no wake announced. Default 100. With a store that hints at what
   * others send, an idle dispatcher sleeps for a second, or for so long if that is more.
   */
  readonly pollMs?: number | undefined;
};

/** Bounds of what is accepted. */
export type LimitOptions = {
  /** Bytes of a body. Default 1 MiB. */
  readonly bodyBytes?: number | undefined;
  /** Default 100. */
  readonly endpointsPerTenant?: number | undefined;
  /**
   * How many calls of `send` without `tx` may wait at once for the database in this process, before more are refused with
   * `backpressure`. They may hold 64 MiB of bodies in all, whatever their number. Default 10,000.
   */
  readonly waitingSends?: number | undefined;
};

/** Options of `createOuthook`. */
export type OuthookOptions<C extends AnyEvents, Tx> = {
  readonly store: Store<Tx>;
  /** The event catalogue. Without it any well-formed event type and any JSON payload is accepted. */
  readonly events?: C | undefined;
  /** Keys that encrypt signing secrets and custom headers at rest, or `"plaintext"`, said in words. */
  readonly secretKeys: SecretKeys;
  /** Where requests may go. Default: public addresses over HTTPS, on ports 443, 80, 8443 and 8080. */
  readonly network?: NetworkOptions | undefined;
  /**
   * Which environment the store belongs to, written down by the first `migrate`. A dispatcher refuses to run on a store
   * that says otherwise, so that a copy of the production database does not deliver. Default `default`.
   */
  readonly environment?: string | undefined;
  readonly wire?: WireOptions | undefined;
  /** Seconds before each retry. Default `schedules.default`. */
  readonly retry?: { readonly scheduleSeconds?: readonly number[] | undefined } | undefined;
  /**
   * When an endpoint is disabled for failing, with the reason `failing`: so many messages in a row whose whole schedule ended
   * without success, and no success for so many hours. `false` for never. Default `{ messages: 5, hours: 24 }`.
   */
  readonly autoDisable?: Partial<AutoDisable> | false | undefined;
  readonly dispatcher?: DispatcherOptions | undefined;
  readonly limits?: LimitOptions | undefined;
  /**
   * Very large tenants → how many partitions each uses. May grow, in all processes at once, must not shrink. Growing it
   * forgets which idempotency keys the tenant has used.
   */
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
