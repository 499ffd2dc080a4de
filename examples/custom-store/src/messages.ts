import type { InsertOutcome, Message, MessageStore, NewMessage } from "@outhook/core";
import { OuthookError } from "@outhook/core";
import { DatabaseSync } from "node:sqlite";
import type { Connection, Sql } from "./connection.ts";
import { failureOf, sqlOn } from "./connection.ts";

type Methods = MessageStore<DatabaseSync>;
type Tag<Result> = (text: TemplateStringsArray, ...values: readonly (string | number | null)[]) => Result;

/** Characters of bodies that one call reads, so that it does not hold up the event loop. */
export const mostBodies = 2 * 1024 * 1024;

/** Accepted messages. The transaction of a host is its own DatabaseSync on the same file, between BEGIN and COMMIT. */
export function messages({ reads, writes }: Connection): Methods {
  const insert: Methods["insert"] = writes((sql, { messages: batch }) => batch.map((message) => record(sql, message)));
  const awaitingFanOut: Methods["awaitingFanOut"] = reads((sql, { partitions, limit, after }) => {
    const some = sql.all<{ partition: number }>`select value as partition from json_each(${partitions})
      where exists (select 1 from outhook_waiting where partition = value)`;
    // Each partition gives its share, so that a backlog in one does not keep the others waiting.
    const share = Math.ceil(limit / Math.max(some.length, 1));
    const found = some.flatMap(({ partition }) => {
      const { createdAt, id } = after?.get(partition) ?? { createdAt: -1, id: "" };
      return sql.all<{ createdAt: number; id: string; seq: number }>`select createdAt, id, seq from outhook_waiting
        where partition = ${partition} and (createdAt, id) > (${createdAt}, ${id}) order by createdAt, id limit ${share}`;
    });
    const waiting: Message[] = [];
    let length = 0;
    for (const { seq } of found.toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))) {
      if (waiting.length >= limit || length >= mostBodies) break;
      const rows = sql.all<Message>`select id, partition, tenant, type, body, createdAt from outhook_messages
        where seq = ${seq}`;
      waiting.push(...rows);
      length += rows[0]?.body.length ?? 0;
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
