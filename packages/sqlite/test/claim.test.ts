import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { databaseFile, openStore } from "./fixtures/database-file.ts";
import { everywhere, idOf, leaseMs, matched, message } from "./fixtures/rows.ts";

const bounds = { partitions: everywhere, limit: 8, perEndpoint: 4, room: new Map<string, number>(), leaseMs };

describe("a due delivery whose message is gone", () => {
  it("is cancelled by the claim that meets it and hides no other", async () => {
    const path = await databaseFile();
    const store = await openStore({ path });
    const messages = Array.from({ length: 6 }, (_, n) => message(n));
    await store.messages.insert({ messages });
    await store.deliveries.fanOut({ messages: messages.map((one) => matched(one)), leaseMs });
    const db = new Database(path);
    db.prepare("delete from outhook_messages where id < ?").run(idOf("msg_", 5));

    const claims = await store.deliveries.claim(bounds);
    expect(claims.map(({ messageId }) => messageId)).toEqual([idOf("msg_", 5)]);
    const of = "select count(*) from outhook_deliveries where status = 'cancelled' and due_at is null";
    expect(db.prepare(of).pluck().get()).toBe(5);
    db.close();
    expect(await store.deliveries.claim(bounds)).toEqual([]);
    expect(await store.deliveries.nextDueInMs({ partitions: everywhere })).toBeGreaterThan(0);
  });

  it("counts towards the limit, so that one claim does not cancel a long backlog", async () => {
    const path = await databaseFile();
    const store = await openStore({ path });
    const messages = Array.from({ length: 20 }, (_, n) => message(n));
    await store.messages.insert({ messages });
    await store.deliveries.fanOut({ messages: messages.map((one) => matched(one)), leaseMs });
    const db = new Database(path);
    db.exec("delete from outhook_messages");
    expect(await store.deliveries.claim(bounds)).toEqual([]);
    const left = db.prepare("select count(*) from outhook_deliveries where status = 'pending'").pluck().get();
    db.close();
    expect(left).toBe(12);
  });
});
