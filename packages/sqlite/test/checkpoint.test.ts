import Database from "better-sqlite3";
import { stat } from "node:fs/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createCheckpoints } from "../src/checkpoint.ts";
import { databaseFile, openStore } from "./fixtures/database-file.ts";
import { everywhere, message } from "./fixtures/rows.ts";

const mebibyte = 1024 * 1024;

async function insert(store: Awaited<ReturnType<typeof openStore>>, batches: number): Promise<void> {
  for (let batch = 0; batch < batches; batch += 1) {
    await store.messages.insert({ messages: Array.from({ length: 64 }, (_, n) => message(batch * 64 + n)) });
    await nextTurn();
  }
}

describe("the write-ahead log", () => {
  it("stays short under load", async () => {
    const path = await databaseFile();
    const store = await openStore({ path });
    await insert(store, 200);
    expect((await stat(path)).size).toBeGreaterThan(12 * mebibyte);
    expect((await stat(`${path}-wal`)).size).toBeLessThan(8 * mebibyte);
  });

  it("grows while a reader holds an old snapshot, and nothing is lost or held up by it", async () => {
    const path = await databaseFile();
    const store = await openStore({ path });
    await insert(store, 1);
    const reader = new Database(path);
    reader.exec("begin");
    reader.prepare("select count(*) from outhook_messages").get();
    const startedAt = performance.now();
    for (let n = 0; n < 30; n += 1) {
      await store.messages.insert({ messages: [message(1_000 + n)] });
      await nextTurn();
    }
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    reader.close();
    expect(await store.messages.awaitingFanOut({ partitions: everywhere, limit: 200 })).toHaveLength(64 + 30);
  });
});

describe("after a commit", () => {
  it("a log that cannot be measured fails nothing, for the commit stands", async () => {
    const db = new Database(await databaseFile());
    const checkpoints = createCheckpoints(db);
    db.close();
    expect(() => {
      checkpoints.afterCommit();
    }).not.toThrow();
  });
});
