import type { DisabledReason, Endpoint, EndpointStatus, StoredSecret } from "../model.ts";

/** The fields of an endpoint that may change; absent means unchanged. */
export type EndpointChanges = {
  readonly url?: string | undefined;
  readonly events?: readonly string[] | undefined;
  readonly description?: string | null | undefined;
  readonly status?: EndpointStatus | undefined;
  readonly disabledReason?: DisabledReason | null | undefined;
  readonly timeoutSeconds?: number | undefined;
  readonly maxRetries?: number | null | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
};

/** An endpoint with the secrets that sign for it, newest first; expired ones may be among them. */
export type EndpointWithSecrets = { readonly endpoint: Endpoint; readonly secrets: readonly StoredSecret[] };

/** Everything a dispatcher knows of a tenant, as of one revision. */
export type TenantEndpoints = { readonly revision: number; readonly endpoints: readonly EndpointWithSecrets[] };

/**
 * Endpoints with their secrets, by tenant.
 *
 * Every method names the tenant; an id of another tenant behaves as an unknown one. Every write raises the tenant's
 * revision in the same step, so that a reader who sees an unchanged revision has seen no change.
 */
export type EndpointStore = {
  /**
   * Adds an endpoint with its first secret.
   * Atomic: endpoint, secret, revision and the count against `limit`. Two concurrent callers at the limit: one gets
   * `"too_many"`. Throws when the store is busy or gone; then nothing was written.
   */
  readonly insert: (input: {
    readonly endpoint: Endpoint;
    readonly secret: StoredSecret;
    /** Most endpoints the tenant may have. */
    readonly limit: number;
  }) => Promise<"inserted" | "too_many">;

  /** One endpoint, or `null` when the tenant has none of that id. */
  readonly get: (input: { readonly tenant: string; readonly id: string }) => Promise<Endpoint | null>;

  /** A page, newest first by id, after the id `after` (which need not exist any more); empty when there are no more. */
  readonly list: (input: {
    readonly tenant: string;
    readonly limit: number;
    readonly after?: string | undefined;
  }) => Promise<readonly Endpoint[]>;

  /**
   * Changes the named fields and `updatedAt`.
   * Atomic: all fields and the revision. Two concurrent callers: both happen, the later wins field by field.
   * Returns the endpoint as it is now, or `null` when there is none.
   */
  readonly update: (input: {
    readonly tenant: string;
    readonly id: string;
    readonly changes: EndpointChanges;
    readonly now: number;
  }) => Promise<Endpoint | null>;

  /**
   * Removes an endpoint with its secrets; its deliveries stay in the log.
   * Two concurrent callers: one gets `true`. `false` when there is none.
   */
  readonly delete: (input: { readonly tenant: string; readonly id: string }) => Promise<boolean>;

  /**
   * Makes `secret` the current one.
   * The outgoing one stops at `expireCurrentAt`, older ones keep their own end; `null` drops all of them at once.
   * Expired ones are removed and the endpoint's `secretHint`, `publicKey` and `updatedAt` written in the same step.
   * Atomic: all of it. Two concurrent callers: one after the other, so both
   * new secrets sign. `"too_many"` when more than `limit` would be in force; then nothing changed.
   */
  readonly rotateSecret: (input: {
    readonly tenant: string;
    readonly id: string;
    readonly secret: StoredSecret;
    readonly secretHint: string;
    readonly publicKey: string | null;
    readonly expireCurrentAt: number | null;
    readonly limit: number;
    readonly now: number;
  }) => Promise<"rotated" | "not_found" | "too_many">;

  /** The tenant's endpoints with their secrets, read as one snapshot with the revision; revision 0 and none when unknown. */
  readonly ofTenant: (input: { readonly tenant: string }) => Promise<TenantEndpoints>;

  /** The tenants' revisions; a tenant without endpoints ever has none in the map. */
  readonly revisions: (input: { readonly tenants: readonly string[] }) => Promise<ReadonlyMap<string, number>>;
};
