/**
 * Ends the process by SIGKILL when a thread of it has prepared so many statements, before the last of them runs: `--import` this
 * file, which Node then runs in every thread before anything else, with the number in the environment.
 */
import Database from "better-sqlite3";

/** Where the number is. */
export const statementLimit = "OUTHOOK_TEST_STATEMENTS";

const most = process.env[statementLimit];
if (most !== undefined) limitStatements(Number(most));

function limitStatements(last: number): void {
  let statements = 0;
  const prepare: unknown = Reflect.get(Database.prototype, "prepare");
  if (typeof prepare !== "function") throw new TypeError("better-sqlite3 has changed");
  Reflect.set(Database.prototype, "prepare", function counted(this: Database.Database, sql: string): unknown {
    statements += 1;
    if (statements === last) process.kill(process.pid, "SIGKILL");
    return Reflect.apply(prepare, this, [sql]);
  });
}
