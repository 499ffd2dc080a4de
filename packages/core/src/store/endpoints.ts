import type { StoredAnswer, StoredEndpoint, StoredSecret } from "../model.ts";

/** An endpoint with the secrets that sign for it, newest first; expired ones may be among them. */
export type EndpointWithSecrets = { readonly endpoint: StoredEndpoint; readonly secrets: readonly StoredSecret[] };

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
   * Adds an endpoint with its first secret, and keeps the answer if one is given. Atomic: endpoint, secret, answer,
   * revision and the count against `limit`. Two concurrent callers at the limit: one gets `"too_many"`; two with one
   * answer: one gets `"answered"`. `"answered"` when an answer of that name that has not expired at `answer.createdAt`
   * is there already, also at the limit; then nothing changed. Throws when the store is busy or gone; then nothing was
   * written.
   */
  readonly insert: (input: {
    readonly endpoint: StoredEndpoint;
    readonly secret: StoredSecret;
    /** Most endpoints the tenant may have. */
    readonly limit: number;
    readonly answer?: StoredAnswer | undefined;
  }) => Promise<"inserted" | "too_many" | "answered">;

  /** One endpoint, or `null` when the tenant has none of that id. */
  readonly get: (input: { readonly tenant: string; readonly id: string }) => Promise<StoredEndpoint | null>;

  /** A page, newest first by id, after the id `after` (which need not exist any more); empty when there are no more. */
  readonly list: (input: {
    readonly tenant: string;
    readonly limit: number;
    readonly after?: string | undefined;
  }) => Promise<readonly StoredEndpoint[]>;

  /**
   * Writes what `change` makes of the endpoint; its id, tenant and secret's fields stay. `change` is pure and may be
   * called more than once; when it throws, nothing is written and the call throws the same. Atomic: reading, changing,
   * writing and the revision. Two concurrent callers: one after the other, so that each changes what the other left.
   * Returns the endpoint as it is now, or `null` when there is none.
   */
  readonly update: (input: {
    readonly tenant: string;
    readonly id: string;
    readonly change: (endpoint: StoredEndpoint) => StoredEndpoint;
  }) => Promise<StoredEndpoint | null>;

  /**
   * Removes an endpoint with its secrets; its deliveries stay in the log.
   * Two concurrent callers: one gets `true`. `false` when there is none.
   */
  readonly delete: (input: { readonly tenant: string; readonly id: string }) => Promise<boolean>;

  /**
   * Makes `secret` the current one. The outgoing one stops at `expireCurrentAt`, older ones keep their own end; `null`
   * drops all of them at once. Expired ones are removed and the endpoint's `secretHint`, `publicKey` and `updatedAt`
   * written in the same step, and the answer kept if one is given. Atomic: all of it. Two concurrent callers: one after
   * the other, so both new secrets sign. `"too_many"` when more than `limit` would be in force, `"answered"` as for
   * `insert`, also when the endpoint is gone; then nothing changed.
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
    readonly answer?: StoredAnswer | undefined;
  }) => Promise<"rotated" | "not_found" | "too_many" | "answered">;

  /**
   * The answer of that name, or `null` when there is none that is still to be given at `now`. Expired ones may be
   * removed at any time.
   */
  readonly answer: (input: {
    readonly tenant: string;
    readonly scope: string;
    readonly key: string;
    readonly now: number;
  }) => Promise<StoredAnswer | null>;

  /**
   * The tenant's endpoints with their secrets, read as one snapshot with the revision; revision 0 and none when
   * unknown.
   */
  readonly ofTenant: (input: { readonly tenant: string }) => Promise<TenantEndpoints>;

  /** The tenants' revisions; a tenant without endpoints ever has none in the map. */
  readonly revisions: (input: { readonly tenants: readonly string[] }) => Promise<ReadonlyMap<string, number>>;
};
