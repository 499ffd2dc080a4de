/**
 * Migrates and dies by SIGKILL when it has prepared so many statements, before the last of them runs: `node dying-process.ts
 * <database> <statements>`. Ends by itself when there are no more.
 */
import Database from "better-sqlite3";
import { openOuthook } from "./outhook.ts";

const [, , path = "", most = "0"] = process.argv;
let statements = 0;
const prepare: unknown = Reflect.get(Database.prototype, "prepare");
if (typeof prepare !== "function") throw new TypeError("better-sqlite3 has changed");
Reflect.set(Database.prototype, "prepare", function counted(this: Database.Database, sql: string): unknown {
  statements += 1;
  if (statements === Number(most)) process.kill(process.pid, "SIGKILL");
  return Reflect.apply(prepare, this, [sql]);
});

const outhook = openOuthook(path);
await outhook.migrate();
await outhook.close();
