/**
 * Migrates and dies by SIGKILL when it has sent so many queries, before any answer to the last: `node dying-process.ts <url>
 * <queries>`. Prints the migrations that it ran when there are no more queries than that.
 */
import pg from "pg";
import { openOuthook } from "./outhook.ts";

const [, , url = "", most = "0"] = process.argv;
let queries = 0;
const query: unknown = Reflect.get(pg.Client.prototype, "query");
if (typeof query !== "function") throw new TypeError("pg has changed");
Reflect.set(pg.Client.prototype, "query", function counted(this: pg.Client, ...args: readonly unknown[]): unknown {
  queries += 1;
  const answer: unknown = Reflect.apply(query, this, args);
  if (queries === Number(most)) process.kill(process.pid, "SIGKILL");
  return answer;
});

const outhook = openOuthook(url, { maxConnections: 1 });
console.log(JSON.stringify(await outhook.migrate()));
await outhook.close();
