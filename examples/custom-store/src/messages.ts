import type { InsertOutcome, Message, MessageStore, NewMessage } from "@outhook/core";
import { OuthookError } from "@outhook/core";
import { DatabaseSync } from "node:sqlite";
import type { Connection, Sql } from "./connection.ts";
import { failureOf, sqlOn } from "./connection.ts";

type Methods = MessageStore<DatabaseSync>;
type Tag<Result> = (text: TemplateStringsArray, ...values: readonly (string | number | null)[]) => Result;

/** Characters of bodies that one call reads, so that it does not hold up the event loop. */
export const mostBodies = 2 * 1024 * 1024;

type Place = Pick<Message, "partition" | "createdAt" | "id">;

/** Partitions that one call reads from. */
const mostPartitions = 8;

/** Accepted messages. The transaction of a host is its own DatabaseSync on the same file, between BEGIN and COMMIT. */
export function messages({ reads, writes }: Connection): Methods {
  const insert: Methods["insert"] = writes((sql, { messages: batch }) => batch.map((message) => record(sql, message)));
  const awaitingFanOut: Methods["awaitingFanOut"] = reads((sql, { partitions, limit, after }) => {
    const from = partitions.map((partition) => {
      const { createdAt, id } = after?.get(partition) ?? { createdAt: -1, id: "" };
      return [partition, createdAt, id] as const;
    });
    // Those that have waited longest, and few: what lies together touches fewer pages.
    const some = sql.all<Place>`select value ->> 0 as partition, value ->> 1 as createdAt, value ->> 2 as id, (
        select createdAt from outhook_waiting where partition = value ->> 0 and (createdAt, id) > (value ->> 1, value ->> 2)
        order by createdAt, id limit 1) as oldest
      from json_each(${JSON.stringify(from)}) where oldest is not null order by oldest limit ${mostPartitions}`;
    // Each partition gives its share, so that a backlog in one does not keep the others waiting.
    const share = Math.ceil(limit / Math.max(some.length, 1));
    const found = some.flatMap(({ partition, createdAt, id }) => {
      return sql.all<Place & { seq: number }>`select partition, createdAt, id, seq from outhook_waiting
        where partition = ${partition} and (createdAt, id) > (${createdAt}, ${id}) order by createdAt, id limit ${share}`;
    });
    const waiting: Message[] = [];
    let length = 0;
    for (const message of sql.each<Message>`select m.id, m.partition, m.tenant, m.type, m.body, m.createdAt
      from json_each(${found
        .toSorted(byAge)
        .slice(0, limit)
        .map(({ seq }) => seq)}) cross join outhook_messages m on m.seq = value`) {
      waiting.push({ ...message });
      length += message.body.length;
      if (length >= mostBodies) break;
    }
    return waiting;
  });
  return {
    insert: async ({ tx, ...input }) => {
      if (tx === undefined) return await insert(input);
      await awaitingFanOut({ partitions: [], limit: 0 }); // Throws what every call throws: closed, or not migrated.
      if (!(tx instanceof DatabaseSync) || !tx.isTransaction) {
        const takes = "it takes a DatabaseSync on the same file, after its BEGIN and before its COMMIT";
        throw new OuthookError("unsupported_transaction", `tx: this store cannot join that; ${takes}`, { param: "tx" });
      }
      try {
        const sql = sqlOn(tx);
        return input.messages.map((message) => record(sql, message));
      } catch (error) {
        throw failureOf(error, "the database of tx");
      }
    },
    statement: (message) => insertInto((text, ...parameters) => ({ sql: text.join("?"), parameters }), message),
    awaitingFanOut,
  };
}

function byAge(a: Place, b: Place): number {
  return a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1);
}

/** The one statement that records a message. A key that is taken leaves the row that has it. */
function insertInto<Result>(tag: Tag<Result>, message: NewMessage): Result {
  const { id, partition, tenant, type, createdAt, idempotencyKey, payloadHash, body } = message;
  return tag`insert into outhook_messages (id, partition, tenant, type, createdAt, idempotencyKey, payloadHash, body)
    values (${id}, ${partition}, ${tenant}, ${type}, ${createdAt}, ${idempotencyKey}, ${payloadHash}, ${body})
    on conflict (tenant, idempotencyKey) where idempotencyKey is not null do nothing`;
}

function record(sql: Sql, message: NewMessage): InsertOutcome {
  if (insertInto(sql.run, message) === 1) return { outcome: "inserted" };
  const holder = sql.get<{ id: string; payloadHash: string }>`select id, payloadHash from outhook_messages
    where tenant = ${message.tenant} and idempotencyKey = ${message.idempotencyKey}`;
  if (holder === null) throw new OuthookError("internal", "the key is taken, but no message has it");
  return { outcome: holder.payloadHash === message.payloadHash ? "duplicate" : "mismatch", id: holder.id };
}
