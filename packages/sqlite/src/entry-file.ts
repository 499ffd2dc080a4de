import { OuthookError } from "@outhook/core/for-stores";
import { existsSync } from "node:fs";

/** What the thread runs: TypeScript beside TypeScript. `here` is absent in a bundle that is no module. */
export function entryFileBeside(here: string | undefined): URL {
  const name = here?.endsWith(".ts") === true ? "thread-entry.ts" : "thread-entry.js";
  if (here !== undefined && existsSync(new URL(name, here))) return new URL(name, here);
  throw new OuthookError(
    "store_unavailable",
    `sqliteStore runs SQLite in a thread of its own, and the file of that thread, ${name}, is not beside the code that ` +
      "starts it: a bundler has left it out. Keep @outhook/sqlite out of the bundle (mark it external), as better-sqlite3 has to be",
  );
}
