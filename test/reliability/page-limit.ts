/**
 * Limits the pages of each database that a thread opens, so that SQLite answers as on a full disk: `--import` this file, which
 * Node then runs in every thread of the process before anything else, with the limit in the environment.
 */
import Database from "better-sqlite3";
import { BroadcastChannel } from "node:worker_threads";

/** Where the limit is. */
export const pageLimit = "OUTHOOK_TEST_PAGES";

const pages = process.env[pageLimit];
const room = new BroadcastChannel("there is room");
room.unref();
if (pages !== undefined) limitPages(pages);

/** Lifts the limit in all threads. */
export function makeRoom(): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
  room.postMessage(null);
}

function limitPages(most: string): void {
  const opened = new Set<Database.Database>();
  const pragma: unknown = Reflect.get(Database.prototype, "pragma");
  if (typeof pragma !== "function") throw new TypeError("better-sqlite3 has changed");
  // The limit belongs to the connection, so it is set as soon as the store sets anything on one.
  Reflect.set(Database.prototype, "pragma", function limited(this: Database.Database, ...args: readonly unknown[]) {
    if (!opened.has(this)) Reflect.apply(pragma, this, [`max_page_count = ${most}`]);
    opened.add(this);
    return Reflect.apply(pragma, this, args) as unknown;
  });
  room.addEventListener("message", () => {
    for (const db of opened) if (db.open) Reflect.apply(pragma, db, [`max_page_count = ${2 ** 30}`]);
  });
  room.unref();
}
