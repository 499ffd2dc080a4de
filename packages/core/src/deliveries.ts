import { checkOptions } from "./check-options.ts";
import { OuthookError } from "./errors.ts";
import { isId } from "./id.ts";
import type { Attempt, Delivery, DeliveryStatus, Message } from "./model.ts";
import type { Settings } from "./settings.ts";
import type { Page, PageOptions } from "./page.ts";
import { pageOf, parsePageOptions } from "./page.ts";
import { shown } from "./shown.ts";
import type { Store } from "./store/index.ts";

/** What happened to a tenant's messages. */
export type Deliveries = {
  /** An endpoint's deliveries, newest first. Bodies are not among them. */
  readonly list: (
    options: PageOptions & { readonly endpointId: string; readonly status?: DeliveryStatus | undefined },
  ) => Promise<Page<Delivery>>;
  /** One delivery with its attempts, oldest first. */
  readonly get: (id: string) => Promise<{ readonly delivery: Delivery; readonly attempts: readonly Attempt[] }>;
  /**
   * Asks for one delivery again, now. A finished one gets one attempt without retries, a pending one its next attempt
   * early. Works on a disabled endpoint and never counts toward disabling. Throws `delivery_in_flight` while a request is
   * open, `endpoint_deleted` when there is nobody to send to.
   */
  readonly redeliver: (id: string) => Promise<void>;
};

/** A tenant's messages. */
export type Messages = {
  /** A message with its deliveries. None means that no endpoint matched, or, unless `fannedOut`, that it is too early. */
  readonly get: (id: string) => Promise<{
    readonly message: Omit<Message, "partition">;
    readonly fannedOut: boolean;
    readonly deliveries: readonly Delivery[];
  }>;
};

const statuses: readonly DeliveryStatus[] = ["pending", "succeeded", "failed", "skipped", "cancelled"];

type Input = {
  readonly tenant: string;
  /** Where the tenant's rows can lie. */
  readonly partitions: readonly number[];
  readonly store: Store;
  readonly settings: Settings;
  readonly wake: () => void;
};

export function createDeliveries({ tenant, partitions, store, settings, wake }: Input): Deliveries {
  const get: Deliveries["get"] = async (id) =>
    (isId(id) ? await store.log.delivery({ partitions, tenant, id }) : null) ?? notFound("delivery", tenant, id);

  return {
    list: async (options) => {
      checkOptions("", options ?? null, ["endpointId", "status", "limit", "startingAfter"]);
      const { endpointId, status, ...page } = options;
      if (!isId(endpointId)) {
        const fault = `endpointId is ${shown(endpointId)}; pass the id of an endpoint, whose deliveries are wanted`;
        throw new OuthookError("invalid_options", fault, { param: "endpointId" });
      }
      if (status !== undefined && !statuses.includes(status)) {
        const fault = `status is ${shown(status)}; it is one of ${statuses.join(", ")}`;
        throw new OuthookError("invalid_options", fault, { param: "status" });
      }
      const { limit, after } = parsePageOptions(page);
      const rows = await store.log.deliveries({ partitions, tenant, endpointId, status, limit: limit + 1, after });
      return pageOf(rows, limit);
    },
    get,
    redeliver: async (id) => {
      const { delivery } = await get(id);
      if ((await store.endpoints.get({ tenant, id: delivery.endpointId })) === null) {
        throw new OuthookError(
          "endpoint_deleted",
          `delivery ${id} cannot be made again: its endpoint ${delivery.endpointId} was deleted`,
          { param: "id" },
        );
      }
      const outcome = await store.log.redeliver({ partitions, tenant, id, now: settings.storeNow() });
      switch (outcome) {
        case "queued":
          wake();
          return undefined;
        case "in_flight":
          throw new OuthookError("delivery_in_flight", `delivery ${id} has a request open; wait for its outcome`, {
            param: "id",
          });
        case "not_found":
          return notFound("delivery", tenant, id);
      }
    },
  };
}

export function createMessages({ tenant, partitions, store }: Input): Messages {
  return {
    get: async (id) => {
      const found =
        (isId(id) ? await store.log.message({ partitions, tenant, id }) : null) ?? notFound("message", tenant, id);
      const { partition: _, ...message } = found.message;
      return { ...found, message };
    },
  };
}

function notFound(what: string, tenant: string, id: string): never {
  throw new OuthookError("not_found", `there is no ${what} ${shown(id)}`, {
    param: "id",
    hint: `looked in tenant ${shown(tenant)}`,
  });
}
