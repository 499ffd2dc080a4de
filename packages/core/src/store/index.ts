import type { DeliveryStore } from "./deliveries.ts";
import type { EndpointStore } from "./endpoints.ts";
import type { LogStore } from "./log.ts";
import type { MessageStore } from "./messages.ts";
import type { SecretStore } from "./secrets.ts";
import type { UpkeepStore } from "./upkeep.ts";

/**
 * The persistence port. Each method is one atomic step of the domain; expected races are return values.
 *
 * Endpoints and their secrets lie in one database. No method spans them and the deliveries, so these may live in another one.
 * `partition` stands in every key of messages, deliveries and attempts.
 *
 * All methods reject with an `OuthookError`, and none but `statement` throws synchronously: `stopped` after `close`, else
 * `schema_pending` when `migrate` was never run, also for a call that has nothing to do; `store_busy` when a bounded wait for a
 * lock ran out; `store_unavailable` when the database cannot be reached or written; `internal` for a mistake of the store's own.
 * Nothing was written then, but that after `store_unavailable` nobody knows, as the answer to a commit may be what was lost.
 *
 * What stores need besides, core has: {@link healthAfter} and {@link newHealth}, {@link lostError}, {@link keyIdOf}. `storeConformance`
 * of `@outhook/testkit` says whether a store is right.
 *
 * `Tx` is what {@link MessageStore.insert} can join of the host's transactions; `never` for none.
 */
export type Store<Tx = never> = {
  readonly endpoints: EndpointStore;
  readonly secrets: SecretStore;
  readonly messages: MessageStore<Tx>;
  readonly deliveries: DeliveryStore;
  readonly log: LogStore;
  readonly upkeep: UpkeepStore;
  /** Closes what the store opened itself; a second call does nothing. Calls after it reject with `stopped`. */
  readonly close: () => Promise<void>;
};
