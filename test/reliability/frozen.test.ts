import Database from "better-sqlite3";
import { describe, it, onTestFinished } from "vitest";
import { expectEndsInTime } from "./freezing.ts";
import { newFile } from "./stored.ts";

describe("with the write lock of a SQLite file in other hands", { timeout: 30_000, retry: 1 }, () => {
  it.each(["stop", "close twice"] as const)("%s resolves by its grace time", async (call) => {
    const database = await newFile();
    const freeze = (): void => {
      const other = new Database(database);
      onTestFinished(() => void other.close());
      other.exec("begin immediate");
    };
    await expectEndsInTime({ database, call, freeze });
  });
});
