import type { StoredAnswer, StoredSecret } from "../model.ts";

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
 * What was sealed: signing secrets, the custom headers of endpoints, and answers that are kept for idempotency keys, which
 * may hold a secret. It lies beside the endpoints: `rotate` writes in the endpoint's row, and `endpoints.insert` keeps the first secret.
 *
 * `rotate` and `keptAnswer` name the tenant, where an id of another tenant behaves as an unknown one; the others, which are about
 * keys, are for all tenants. `rotate` raises the tenant's revision in the same step; `reseal` does not, as nothing that sending
 * depends on changes. What is over follows from the instants that are passed in, never from the store's own clock.
 */
export type SecretStore = {
  /**
   * Makes `secret` the current one. The outgoing one stops at `expireCurrentAt`, older ones keep their own end; `null`
   * drops all of them at once. Expired ones are removed and the endpoint's `secretHint`, `publicKey` and `updatedAt`
   * written in the same step, and the answer kept if one is given. Atomic: all of it. Two concurrent callers: one after
   * the other, so both new secrets sign. `"too_many"` when more than `limit` would be in force, `"answered"` as for
   * `endpoints.insert`, also when the endpoint is gone; then nothing changed.
   */
  readonly rotate: (input: {
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
  readonly keptAnswer: (input: {
    readonly tenant: string;
    readonly scope: string;
    readonly key: string;
    readonly now: number;
  }) => Promise<StoredAnswer | null>;

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
   * Atomic: the batch. Two concurrent callers with one text: one replaces it. An `endpoints.update` at the same time keeps
   * what this wrote, or writes headers of its own. Returns how many were replaced.
   */
  readonly reseal: (input: {
    readonly texts: readonly (SealedText & { readonly resealed: string })[];
  }) => Promise<number>;
};
