import Database from "better-sqlite3";
import { describe, expect, it, onTestFinished } from "vitest";
import { openDatabase } from "../src/open.ts";
import type { Session } from "../src/session.ts";
import { createSession } from "../src/session.ts";
import type { Step } from "../src/shared-commit.ts";
import { runShared } from "../src/shared-commit.ts";
import { databaseFile, openStore } from "./fixtures/database-file.ts";
import { everywhere, idOf, message } from "./fixtures/rows.ts";

/** A database with one table, and what becomes of steps on it. */
async function bench() {
  const db = openDatabase((file) => new Database(file), await databaseFile());
  onTestFinished(() => void db.close());
  db.exec("create table t (a)");
  const session = createSession(db);
  const commands: string[] = [];
  const noting: Session = {
    ...session,
    run: (statement, ...values) => {
      if (/^(?:begin|commit|rollback$)/.test(statement.sql)) commands.push(statement.sql);
      return session.run(statement, ...values);
    },
  };
  const fates: string[] = [];
  const step = (kind: Step["kind"], name: string, work: (session: Session) => void): Step => ({
    kind,
    work: (of) => {
      work(of);
      return () => fates.push(`${name} stands`);
    },
    reject: () => undefined,
    askedAt: 0,
  });
  const insert = (a: string | number) =>
    step("write", String(a), (of) => of.run({ sql: "insert into t values (?)" }, a));
  const run = (steps: readonly Step[], monotonic = () => 0) =>
    runShared(steps, {
      db,
      session: noting,
      monotonic,
      fail: (_, error) => fates.push(error instanceof Error ? error.message : ""),
    });
  const rows = () => db.prepare("select a from t").pluck().all();
  return { db, commands, fates, step, insert, run, rows };
}

describe("steps that arrive together", () => {
  it("share one commit, and what is read among them sees what was written before it", async () => {
    const { commands, fates, step, insert, run } = await bench();
    let seen = 0;
    const look = step("read", "look", (of) => {
      seen = of.all({ sql: "select a from t" }).length;
    });
    expect(run([insert(1), look, insert(2)])).toEqual([]);
    expect({ commands, fates, seen }).toEqual({
      commands: ["begin immediate", "commit"],
      fates: ["1 stands", "look stands", "2 stands"],
      seen: 1,
    });
  });

  it("that only read take no write lock", async () => {
    const { commands, step, run } = await bench();
    run([step("read", "look", () => undefined)]);
    expect(commands).toEqual(["begin", "commit"]);
  });

  it("fail alone, with all that they wrote", async () => {
    const { fates, step, insert, run, rows } = await bench();
    const half = step("write", "half", (of) => {
      of.run({ sql: "insert into t values ('half')" });
      throw new Error("half fails");
    });
    run([insert(1), half, insert(2)]);
    expect(fates).toEqual(["1 stands", "half fails", "2 stands"]);
    expect(rows()).toEqual([1, 2]);
  });

  it("fail with all that it wrote where there is only one", async () => {
    const { fates, step, run, rows } = await bench();
    const half = step("write", "half", (of) => {
      of.run({ sql: "insert into t values ('half')" });
      throw new Error("half fails");
    });
    run([half]);
    expect(fates).toEqual(["half fails"]);
    expect(rows()).toEqual([]);
  });

  it("run again when SQLite has undone everything, without the one that it could not bear", async () => {
    const { fates, step, insert, run, rows } = await bench();
    const ending = step("write", "ending", (of) => {
      of.run({ sql: "rollback" });
      throw new Error("the disk is full");
    });
    const [first, last] = [insert(1), insert(2)];
    expect(run([first, ending, last])).toEqual([first, last]);
    expect(fates).toEqual(["the disk is full"]);
    expect(rows()).toEqual([]);
    run([first, last]);
    expect(rows()).toEqual([1, 2]);
  });

  it("leave the next turn to the rest when the transaction has lasted long enough", async () => {
    const { insert, run, rows } = await bench();
    let now = 0;
    const [first, second, third] = [insert(1), insert(2), insert(3)];
    expect(run([first, second, third], () => (now += 5))).toEqual([third]);
    expect(rows()).toEqual([1, 2]);
  });
});

describe("calls of a store that are under way at once", () => {
  it("fail alone, and the others are durable", async () => {
    const path = await databaseFile();
    const store = await openStore({ path });
    const db = new Database(path);
    onTestFinished(() => void db.close());
    db.exec(`create trigger refuse_one before insert on outhook_messages
when new.id = '${idOf("msg_", 1)}' begin select raise(abort, 'refused'); end`);
    const calls = [0, 1, 2].map((n) => store.messages.insert({ messages: [message(n), message(n + 10)] }));
    expect((await Promise.allSettled(calls)).map(({ status }) => status)).toEqual([
      "fulfilled",
      "rejected",
      "fulfilled",
    ]);
    expect(db.prepare("select id from outhook_messages order by id").pluck().all()).toEqual(
      [0, 2, 10, 12].map((n) => idOf("msg_", n)),
    );
  });

  it("are served in order: a read sees the write that was asked for before it", async () => {
    const store = await openStore({ path: await databaseFile() });
    const insert = store.messages.insert({ messages: [message(1)] });
    expect(await store.messages.awaitingFanOut({ partitions: everywhere, limit: 10 })).toHaveLength(1);
    await insert;
  });

  it("that read go on while one that writes waits for another connection's lock", async () => {
    const path = await databaseFile();
    const store = await openStore({ path });
    const host = new Database(path);
    onTestFinished(() => void host.close());
    host.exec("begin immediate");
    let written = false;
    const insert = store.messages.insert({ messages: [message(1)] }).then(() => {
      written = true;
    });
    for (let n = 0; n < 20; n += 1) await store.upkeep.identity();
    expect(written).toBe(false);
    host.exec("rollback");
    await insert;
  });
});
