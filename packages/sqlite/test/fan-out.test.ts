import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { databaseFile, openStore } from "./fixtures/database-file.ts";
import { everywhere, idOf, leaseMs, matched, message } from "./fixtures/rows.ts";

describe("a fan-out of many messages", () => {
  it("is all or nothing, so that no lease is taken that the caller does not hear of", async () => {
    const path = await databaseFile();
    const store = await openStore({ path });
    const messages = Array.from({ length: 200 }, (_, n) => message(n));
    await store.messages.insert({ messages });
    const db = new Database(path);
    db.exec(`create trigger refuse_one before insert on outhook_deliveries
when new.message_id = '${idOf("msg_", 150)}' begin select raise(abort, 'refused'); end`);
    const fanOut = { messages: messages.map((one) => matched(one, true)), leaseMs };
    await expect(store.deliveries.fanOut(fanOut)).rejects.toThrow("refused");
    expect(await store.messages.awaitingFanOut({ partitions: everywhere, limit: 500 })).toHaveLength(200);
    expect(db.prepare("select count(*) from outhook_deliveries").pluck().get()).toBe(0);

    db.exec("drop trigger refuse_one");
    db.close();
    const { created, leased } = await store.deliveries.fanOut(fanOut);
    expect({ created, leased: leased.size }).toEqual({ created: 200, leased: 200 });
  });
});
