import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { startChild } from "./fixtures/child.ts";
import { databaseFile, openStore } from "./fixtures/database-file.ts";

const messagesEach = 600;

describe("two processes that send and dispatch on one file", () => {
  it("meet no error, take no delivery twice, and leave none", { timeout: 60_000 }, async () => {
    const path = await databaseFile();
    await openStore({ path });
    const numbers = ["1", "2"];
    const processes = numbers.map((number) =>
      startChild("working-process.ts", [path, number, String(messagesEach), numbers.join(",")]),
    );
    const claimed = await Promise.all(processes.map(async (child) => (await child.result()) as readonly string[]));

    const db = new Database(path, { readonly: true });
    const rows = db
      .prepare<[], { status: string; fence: number }>("select status, fence from outhook_deliveries")
      .all();
    const attempts = db.prepare("select count(*) from outhook_attempts").pluck().get();
    const lost = db.prepare("select count(*) from outhook_attempts where error_class = 'lost'").pluck().get();
    expect(db.pragma("integrity_check", { simple: true })).toBe("ok");
    db.close();

    expect(rows).toHaveLength(2 * messagesEach);
    expect(rows.every(({ status }) => status === "succeeded")).toBe(true);
    // Each claim has a fence and an attempt of its own.
    const claims = claimed.flat();
    expect(claims).toHaveLength(rows.reduce((sum, { fence }) => sum + fence, 0));
    expect(attempts).toBe(claims.length);
    expect(lost).toBe(0);
    // Both took part; how they shared is up to the machine.
    for (const ofProcess of claimed) expect(ofProcess.length).toBeGreaterThan(0);
  });
});
