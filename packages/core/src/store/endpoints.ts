import type { StoredAnswer, StoredEndpoint, StoredSecret } from "../model.ts";

/**
 * An endpoint with the secrets that sign for it: the current one first, which has no end, then by `createdAt`, newest first.
 * Expired ones may be among them.
 */
export type EndpointWithSecrets = { readonly endpoint: StoredEndpoint; readonly secrets: readonly StoredSecret[] };

/** Everything a dispatcher knows of a tenant, as of one revision. */
export type TenantEndpoints = { readonly revision: number; readonly endpoints: readonly EndpointWithSecrets[] };

/**
 * A text that was sealed: a signing secret, or with `secretId` `null` the custom headers of an endpoint. It is opaque to the
 * store, but for what {@link keyIdOf} says of it, by which the store finds it.
 */
export type SealedText = {
  readonly tenant: string;
  readonly endpointId: string;
  readonly secretId: string | null;
  readonly sealed: string;
};

/**
 * Endpoints with their secrets, by tenant.
 *
 * Every method names the tenant, but for those about keys; an id of another tenant behaves as an unknown one. Every write but
 * `verified` and `reseal`, which change nothing that sending depends on, raises the tenant's revision in the same step, so that
 * a reader who sees an unchanged revision has seen no such change. What is over follows from the instants that are passed in,
 * never from the store's own clock.
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
   * The tenants' endpoints by id, with their secrets, read as one snapshot with the revisions; revision 0 and none for one that
   * is unknown. Costs a bounded number of round trips. Stores bound what one call reads, whose caller asks again for the tenants
   * that are missing in the map; but it answers for one of those named at least.
   */
  readonly ofTenants: (input: { readonly tenants: readonly string[] }) => Promise<ReadonlyMap<string, TenantEndpoints>>;

  /** The tenants' revisions; a tenant without endpoints ever has none in the map. */
  readonly revisions: (input: { readonly tenants: readonly string[] }) => Promise<ReadonlyMap<string, number>>;

  /**
   * The ids of the keys that sealed anything that is kept, by {@link keyIdOf}, each once: signing secrets, expired ones too,
   * custom headers, and answers that are still to be given at `now`. What has no key id, `""`, is passed over; empty when
   * there is nothing. Read as one snapshot, and cheap however much there is, as it is asked at every start.
   */
  readonly keyIds: (input: { readonly now: number }) => Promise<readonly string[]>;

  /**
   * A page of what one key sealed, of all tenants, secrets and headers but no answers, in an order of the store's own, after
   * `after` (which need not exist any more, or be sealed with another key by now); empty when there is no more. Fewer than
   * `limit` says nothing.
   */
  readonly sealedWith: (input: {
    readonly keyId: string;
    readonly limit: number;
    readonly after?: Omit<SealedText, "sealed"> | undefined;
  }) => Promise<readonly SealedText[]>;

  /**
   * Puts `resealed`, the same secret sealed anew, in the place of each text that still is `sealed`; one that was changed or
   * removed since is left alone. Nothing else of the endpoint changes, its `updatedAt` and the tenant's revision neither.
   * Atomic: the batch. Two concurrent callers with one text: one replaces it. An `update` at the same time keeps what this
   * wrote, or writes headers of its own. Returns how many were replaced.
   */
  readonly reseal: (input: {
    readonly texts: readonly (SealedText & { readonly resealed: string })[];
  }) => Promise<number>;
};
