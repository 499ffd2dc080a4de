import { describeTransaction, unsupportedTransaction } from "./describe.ts";
import { driverError } from "./driver-error.ts";
import type { TransactionHandle } from "./handle.ts";
import { createHandle, hasMethods } from "./handle.ts";

/** The client of an interactive transaction of Prisma on Postgres or SQLite. */
export type PrismaTransaction = {
  $queryRawUnsafe(sql: string, ...values: unknown[]): PromiseLike<unknown>;
  /** What a PrismaClient has, and that of a transaction not. */
  readonly $connect?: never;
};

/**
 * Makes an interactive transaction of Prisma one that `send(…, { tx })` joins.
 *
 * Throws `unsupported_transaction` for anything else, also for the PrismaClient itself, whose statements run outside of
 * the transaction.
 *
 * @example
 * await prisma.$transaction(async (tx) => {
 *   await tx.loan.create({ data: loan });
 *   await acme.send("loan.active", { id: loan.id }, { tx: fromPrisma(tx) });
 * });
 */
export function fromPrisma(tx: PrismaTransaction): TransactionHandle {
  requirePrisma(tx);
  return createHandle(({ sql, parameters }) => tx.$queryRawUnsafe(sql, ...parameters), unwrapped);
}

function requirePrisma(tx: unknown): void {
  if (hasMethods(tx, "$queryRawUnsafe") && !hasMethods(tx, "$connect")) return;
  throw unsupportedTransaction(
    `fromPrisma(tx): tx is ${describeTransaction(tx)}; pass the one that prisma.$transaction(async (tx) => …) hands over`,
  );
}

/** What the driver said, as Prisma's driver adapters pass it on; else what Prisma says, below the call that it quotes. */
function unwrapped(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const cause = read(read(read(error, "meta"), "driverAdapterError"), "cause");
  const code = read(cause, "originalCode");
  if (code === undefined) return driverError({ message: error.message.split("\n").at(-1) });
  // They keep the severity of some errors only; it is what tells those of a server from others.
  const severity = read(cause, "severity") ?? "ERROR";
  return driverError({ message: read(cause, "originalMessage"), code, severity });
}

function read(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
