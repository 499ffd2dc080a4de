import Database from "better-sqlite3";
import { it } from "vitest";
import { expectGoesOn } from "./filling.ts";
import { startApp } from "./processes.ts";
import { newFile } from "./stored.ts";

/** How many more it may have than the empty tables. */
const pagesLeft = 60;

it(
  "a disk that is full for a while refuses sends, burns and loses nothing, and is gone on with when there is room",
  { timeout: 60_000 },
  async () => {
    const database = await newFile();
    await expectGoesOn({
      database,
      bodyBytes: 10,
      start: (options) => startApp({ ...options, pages: pagesOf(database) + pagesLeft }),
      makeRoom: async (app) => void (await app.order({ do: "make room" })),
    });
  },
);

function pagesOf(database: string): number {
  const db = new Database(database);
  const pages = Number(db.pragma("page_count", { simple: true }));
  db.close();
  return pages;
}
