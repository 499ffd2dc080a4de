import { OuthookError } from "@outhook/core/for-stores";
import { hasMethods, isTransactionHandle } from "./handle.ts";

/** What hosts pass by mistake, in words; the first that fits counts. */
const kinds: readonly (readonly [is: (value: object) => boolean, words: string])[] = [
  [isTransactionHandle, "a transaction that is wrapped already"],
  [(value) => hasMethods(value, "executeQuery") && isTrue(value, "isTransaction"), "a Kysely Transaction"],
  [(value) => hasMethods(value, "executeQuery"), "a Kysely instance outside of a transaction"],
  [(value) => hasMethods(value, "$queryRawUnsafe", "$connect"), "a PrismaClient outside of a transaction"],
  [(value) => hasMethods(value, "$queryRawUnsafe"), "a Prisma transaction without fromPrisma(tx) around it"],
  [(value) => hasMethods(value, "raw", "isCompleted"), "a Knex transaction without fromKnex(trx) around it"],
  [(value) => hasMethods(value, "raw", "select"), "a Knex instance outside of a transaction"],
  [
    (value) => hasMethods(value, "select", "insert") && Reflect.get(value, "resultKind") === "sync",
    "a Drizzle database whose transactions are synchronous",
  ],
  [
    (value) => hasMethods(value, "select", "insert", "rollback"),
    "a Drizzle transaction without fromDrizzle(tx, sql) around it",
  ],
  [(value) => hasMethods(value, "select", "insert"), "a Drizzle database outside of a transaction"],
  [(value) => hasMethods(value, "prepare", "pragma"), "a better-sqlite3 Database (its transactions are synchronous)"],
  [(value) => hasMethods(value, "prepare", "exec"), "a database handle whose transactions are synchronous"],
  [
    (value) => hasMethods(value, "query") && ("totalCount" in value || "idleCount" in value),
    "a pg pool, whose queries run on any connection",
  ],
  [(value) => hasMethods(value, "query"), "a Postgres client"],
];

/** What somebody passed as a transaction, for the message that refuses it. */
export function describeTransaction(value: unknown): string {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) {
    return value === null ? "null" : `a value of type ${typeof value}`;
  }
  const kind = kinds.find(([is]) => is(value));
  if (kind !== undefined) return kind[1];
  if (typeof value === "function") return "a function";
  return `an object with the properties ${Object.keys(value).join(", ").slice(0, 60)}`;
}

/** A transaction that cannot be joined, said at the call that got it. */
export function unsupportedTransaction(fault: string): OuthookError {
  return new OuthookError("unsupported_transaction", fault, { param: "tx" });
}

function isTrue(value: object, name: string): boolean {
  return Reflect.get(value, name) === true;
}
