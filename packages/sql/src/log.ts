import type { Delivery, DeliveryStatus, LogStore } from "@outhook/core";
import { deliveryIdHeadOf } from "@outhook/core/for-stores";
import type { SqlBool } from "kysely";
import { sql } from "kysely";
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
import type { Steps, Stepwise } from "./steps.ts";
import { firstOf, rowsOf } from "./steps.ts";

type Find = { readonly partitions: readonly number[]; readonly tenant: string; readonly id: string };

/** Sorts after every id. */
const lastId = "\u{10FFFF}";

/** Deliveries read in one statement, at most, when only those of one status are wanted. */
const rowsPerPiece = 256;

type Page = { readonly partition: number; readonly endpointId: string; readonly after: string; readonly limit: number };

/**
 * Reading the log. `message` and `delivery` are to run in a transaction that reads a single snapshot; `deliveries` needs
 * none, and may take many statements when what is wanted is rare among much else.
 */
export function logSteps(builder: QueryBuilder): Stepwise<Omit<LogStore, "redeliver">> {
  const queries = logQueries(builder);

  /** Reads the endpoint's log backwards, a bounded piece at a time, until enough of the status are found. */
  function* scan(page: Page, status: DeliveryStatus | undefined): Steps<readonly Delivery[]> {
    const piece = status === undefined ? page.limit : Math.max(page.limit, rowsPerPiece);
    const found: Delivery[] = [];
    for (let { after } = page; ;) {
      const rows = yield* rowsOf(queries.page, { ...page, after, limit: piece });
      for (const row of rows) if (status === undefined || row.status === status) found.push(toDelivery(row));
      const last = rows.at(-1);
      if (last === undefined || rows.length < piece || found.length >= page.limit) return found;
      after = last.id;
    }
  }

  /** Pending ones are few among much else, or many and so soon found. */
  function* pending(page: Page): Steps<readonly Delivery[]> {
    const rows = yield* rowsOf(queries.somePending, { ...page, limit: rowsPerPiece });
    if (rows.length === rowsPerPiece) return yield* scan(page, "pending");
    return rows.filter((row) => row.id < page.after).map(toDelivery);
  }

  return {
    *message(find) {
      const row = yield* firstOf(queries.message, find);
      if (row === null) return null;
      const head = deliveryIdHeadOf(row.id);
      const range = { partition: row.partition, from: head, to: `${head}${lastId}` };
      const deliveries = yield* rowsOf(queries.ofMessage, { ...range, messageId: row.id });
      return {
        message: toMessage(row),
        fannedOut: row.fanned_out === 1,
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
        const page = { partition, endpointId, after, limit };
        if (status !== undefined && isRare(status)) {
          found.push(...(yield* rowsOf(queries.rarePage, { ...page, status })).map(toDelivery));
        } else {
          found.push(...(yield* status === "pending" ? pending(page) : scan(page, status)));
        }
      }
      // An endpoint has one tenant, so these are all of this tenant or all of another. In the statement, another's would be
      // read to the end for nothing.
      const own = found.filter((delivery) => delivery.tenant === tenant);
      return own.toSorted((a, b) => (a.id < b.id ? 1 : -1)).slice(0, limit);
    },

    *health({ endpointIds }) {
      const rows = yield* rowsOf(queries.health, { endpointIds });
      return rows.map(toHealth);
    },
  };
}

type RareStatus = Extract<DeliveryStatus, "failed" | "skipped" | "cancelled">;

function isRare(status: DeliveryStatus): status is RareStatus {
  return status === "failed" || status === "skipped" || status === "cancelled";
}

/** What stands in a statement of its own accord is the condition of a partial index, word for word. */
function logQueries({ dialect, db, query, inList }: QueryBuilder) {
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
    ofMessage: query(
      (p: { readonly partition: number; readonly messageId: string; readonly from: string; readonly to: string }) =>
        deliveries
          // It leads the key on Postgres. On SQLite it ends it, and would make SQLite read all of the partition.
          .$if(dialect === "postgres", (found) => found.where("partition", "=", p.partition))
          .where("id", ">", p.from)
          .where("id", "<", p.to)
          .where("message_id", "=", p.messageId)
          .orderBy("id"),
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
    page: query((p: Page) =>
      deliveries
        .where("partition", "=", p.partition)
        .where("endpoint_id", "=", p.endpointId)
        .where(sql<SqlBool>`endpoint_id > ''`)
        .where("id", "<", p.after)
        .orderBy("id", "desc")
        .limit(p.limit),
    ),
    rarePage: query((p: Page & { readonly status: RareStatus }) =>
      deliveries
        .where("partition", "=", p.partition)
        .where("endpoint_id", "=", p.endpointId)
        .where("status", "=", p.status)
        .where(sql<SqlBool>`status in ('failed', 'skipped', 'cancelled')`)
        .where("id", "<", p.after)
        .orderBy("id", "desc")
        .limit(p.limit),
    ),
    // The lanes make the database look into the index of the queue.
    somePending: query((p: Omit<Page, "after">) =>
      deliveries
        .where("partition", "=", p.partition)
        .where("endpoint_id", "=", p.endpointId)
        .where(sql<SqlBool>`lane in ('scheduled', 'manual') and status = 'pending'`)
        .limit(p.limit),
    ),
    health: query((p: { readonly endpointIds: readonly string[] }) =>
      db.selectFrom("outhook_health").select(healthColumns).where(inList("endpoint_id", p.endpointIds)),
    ),
  };
}
