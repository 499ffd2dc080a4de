import type { Delivery, DeliveryStatus, LogStore } from "@outhook/core";
import type { QueryBuilder } from "./dialect.ts";
import {
  attemptColumns,
  deliveryColumns,
  healthColumns,
  messageColumns,
  toAttempt,
  toDelivery,
  toHealth,
  toMessage,
} from "./rows.ts";
import type { Stepwise } from "./steps.ts";
import { firstOf, rowsOf } from "./steps.ts";

type Find = { readonly partitions: readonly number[]; readonly tenant: string; readonly id: string };

/** Sorts after every id. */
const lastId = "\u{10FFFF}";

const statuses: readonly DeliveryStatus[] = ["pending", "succeeded", "failed", "skipped", "cancelled"];

/** Reading the log. `message` and `delivery` are to run in a transaction that reads a single snapshot. */
export function logSteps(builder: QueryBuilder): Stepwise<Omit<LogStore, "redeliver">> {
  const queries = logQueries(builder);

  return {
    *message(find) {
      const row = yield* firstOf(queries.message, find);
      if (row === null) return null;
      const deliveries = yield* rowsOf(queries.ofMessage, { partition: row.partition, messageId: row.id });
      return {
        message: toMessage(row),
        fannedOut: Number(row.fanned_out) === 1,
        deliveries: deliveries.map(toDelivery),
      };
    },

    *delivery(find) {
      const row = yield* firstOf(queries.delivery, find);
      if (row === null) return null;
      const attempts = yield* rowsOf(queries.attempts, { partition: row.partition, deliveryId: row.id });
      return { delivery: toDelivery(row), attempts: attempts.map(toAttempt) };
    },

    *deliveries({ partitions, tenant, endpointId, status, limit, after = lastId }) {
      const found: Delivery[] = [];
      for (const partition of partitions) {
        for (const wanted of status === undefined ? statuses : [status]) {
          const rows = yield* rowsOf(queries.page, { partition, endpointId, status: wanted, after, limit });
          found.push(...rows.map(toDelivery));
        }
      }
      // An endpoint has one tenant, so a page is either all of this tenant or of another. In the statement, the other's
      // would be read to the end for nothing.
      const own = found.filter((delivery) => delivery.tenant === tenant);
      return own.toSorted((a, b) => (a.id < b.id ? 1 : -1)).slice(0, limit);
    },

    *health({ endpointIds }) {
      const rows = yield* rowsOf(queries.health, { endpointIds });
      return rows.map(toHealth);
    },
  };
}

function logQueries({ db, query, inList }: QueryBuilder) {
  const deliveries = db.selectFrom("outhook_deliveries").select(deliveryColumns);
  return {
    message: query((p: Find) =>
      db
        .selectFrom("outhook_messages")
        .select(messageColumns)
        .select("fanned_out")
        .where(inList("partition", p.partitions))
        .where("id", "=", p.id)
        .where("tenant", "=", p.tenant),
    ),
    ofMessage: query((p: { readonly partition: number; readonly messageId: string }) =>
      deliveries.where("partition", "=", p.partition).where("message_id", "=", p.messageId).orderBy("id"),
    ),
    delivery: query((p: Find) =>
      deliveries
        .select("partition")
        .where(inList("partition", p.partitions))
        .where("id", "=", p.id)
        .where("tenant", "=", p.tenant),
    ),
    attempts: query((p: { readonly partition: number; readonly deliveryId: string }) =>
      db
        .selectFrom("outhook_attempts")
        .select(attemptColumns)
        .where("partition", "=", p.partition)
        .where("delivery_id", "=", p.deliveryId)
        .orderBy("number"),
    ),
    // By status, also when all are wanted: each is a range of one index, however many of the others lie between.
    page: query(
      (p: {
        readonly partition: number;
        readonly endpointId: string;
        readonly status: DeliveryStatus;
        readonly after: string;
        readonly limit: number;
      }) =>
        deliveries
          .where("partition", "=", p.partition)
          .where("endpoint_id", "=", p.endpointId)
          .where("status", "=", p.status)
          .where("id", "<", p.after)
          .orderBy("id", "desc")
          .limit(p.limit),
    ),
    health: query((p: { readonly endpointIds: readonly string[] }) =>
      db.selectFrom("outhook_health").select(healthColumns).where(inList("endpoint_id", p.endpointIds)),
    ),
  };
}
