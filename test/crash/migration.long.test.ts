import Database from "better-sqlite3";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openOuthook } from "./outhook.ts";
import { withDatabase } from "./processes.ts";
import { statementLimit } from "./statement-limit.ts";

/** Migrates in a process that is killed when it has prepared so many statements. False when there are no more. */
async function killAfter(path: string, statements: number): Promise<boolean> {
  const script = join(import.meta.dirname, "dying-process.ts");
  const args = ["--import", import.meta.resolve("./statement-limit.ts"), script, path];
  const env = { ...process.env, [statementLimit]: String(statements) };
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"], env });
  const [code, signal] = await once(child, "exit");
  if (signal !== "SIGKILL") expect(code).toBe(0);
  return signal === "SIGKILL";
}

async function migrate(path: string): Promise<readonly unknown[]> {
  const outhook = openOuthook(path);
  await outhook.migrate();
  expect(await outhook.migrate()).toEqual([]);
  await outhook.tenant("acme").send("loan.active", {});
  await outhook.close();
  const db = new Database(path);
  expect(db.pragma("integrity_check", { simple: true })).toBe("ok");
  const schema = db.prepare("select type, name, sql from sqlite_master order by name").all();
  db.close();
  return schema;
}

describe("a process that is killed while it migrates a SQLite file", { timeout: 300_000 }, () => {
  it("leaves a file that the next one migrates, whichever statement was its last", async () => {
    let schema: readonly unknown[] = [];
    await withDatabase(async (path) => {
      schema = await migrate(path);
    });
    let kills = 0;
    for (let goesOn = true; goesOn;) {
      await withDatabase(async (path) => {
        goesOn = await killAfter(path, kills + 1);
        expect(await migrate(path)).toEqual(schema);
      });
      if (goesOn) kills += 1;
    }
    console.log(`killed at each of ${kills} statements`);
    expect(kills).toBeGreaterThan(15);
  });
});
