import type { StoredAnswer, StoredEndpoint, StoredSecret } from "../model.ts";

/**
 * An endpoint with the secrets that sign for it: the current one first, which has no end, then by `createdAt`, newest first.
 * Expired ones may be among them.
 */
export type EndpointWithSecrets = { readonly endpoint: StoredEndpoint; readonly secrets: readonly StoredSecret[] };

/** Everything a dispatcher knows of a tenant, as of one revision. */
export type TenantEndpoints = { readonly revision: number; readonly endpoints: readonly EndpointWithSecrets[] };

/**
 * Endpoints with the secrets that sign for them, by tenant.
 *
 * Every method names the tenant; an id of another tenant behaves as an unknown one. Every write but `verified`, which changes
 * nothing that sending depends on, raises the tenant's revision in the same step, so that a reader who sees an unchanged revision
 * has seen no such change; `secrets.rotate` does so too. What is over follows from the instants that are passed in, never from the
 * store's own clock.
 */
export type EndpointStore = {
  /**
   * Adds an endpoint with its first secret, and keeps the answer if one is given. Atomic: endpoint, secret, answer,
   * revision and the count against `limit`. Two concurrent callers at the limit: one gets `"too_many"`; two with one
   * answer: one gets `"answered"`. `"answered"` when an answer of that name that has not expired at `answer.createdAt`
   * is there already, also at the limit; then nothing changed. The secret is kept as it is, also with an end.
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
   * Writes what `change` makes of the endpoint; `id`, `tenant`, `signingVersion`, `secretHint` and `publicKey` stay. `change`
   * is pure and may be called more than once; when it throws, nothing is written and the call throws the same. Atomic: reading, changing,
   * writing and the revision. Two concurrent callers: one after the other, so that each changes what the other left.
   * Returns the endpoint as it is now, or `null` when there is none.
   */
  readonly update: (input: {
    readonly tenant: string;
    readonly id: string;
    readonly change: (endpoint: StoredEndpoint) => StoredEndpoint;
  }) => Promise<StoredEndpoint | null>;

  /**
   * Writes down as `lastVerifiedAt` when a test message reached the endpoint, if its URL still is the one that was tested.
   * Nothing else of it changes, its `updatedAt` and the tenant's revision neither. Atomic: the comparison and the write. Two
   * concurrent callers: both write, the last one stays. An `update` at the same time sees what this wrote, or comes first.
   * `false` when there is no such endpoint or its URL is another; then nothing changed.
   */
  readonly verified: (input: {
    readonly tenant: string;
    readonly id: string;
    /** The URL that was tested. */
    readonly url: string;
    readonly at: number;
  }) => Promise<boolean>;

  /**
   * Removes an endpoint with its secrets; its deliveries stay in the log.
   * Two concurrent callers: one gets `true`. `false` when there is none.
   */
  readonly delete: (input: { readonly tenant: string; readonly id: string }) => Promise<boolean>;

  /**
   * The tenants' endpoints by id, with their secrets, read as one snapshot with the revisions; revision 0 and none for one that
   * is unknown. Costs a bounded number of round trips. Stores bound what one call reads, whose caller asks again for the tenants
   * that are missing in the map; but it answers for one of those named at least.
   */
  readonly ofTenants: (input: { readonly tenants: readonly string[] }) => Promise<ReadonlyMap<string, TenantEndpoints>>;

  /** The tenants' revisions; a tenant without endpoints ever has none in the map. */
  readonly revisions: (input: { readonly tenants: readonly string[] }) => Promise<ReadonlyMap<string, number>>;
};
