import type { ErrorCode, ErrorDetail } from "@outhook/core";
import { isOuthookError, OuthookError } from "@outhook/core/for-stores";

/** An error as it crosses from one thread to another, which knows only the built-in ones. */
export type CarriedError = {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** As of the file system and of the database. */
  readonly code: string | null;
  readonly cause: CarriedError | null;
  readonly outhook: {
    readonly code: ErrorCode;
    readonly detail: string;
    readonly hint: string | null;
    readonly param: string | null;
    readonly errors: readonly ErrorDetail[];
  } | null;
};

export function carry(error: unknown): CarriedError {
  if (!(error instanceof Error)) {
    return { name: "Error", message: String(error), stack: undefined, code: null, cause: null, outhook: null };
  }
  const { name, message, stack, cause } = error;
  const code = "code" in error && typeof error.code === "string" ? error.code : null;
  const carriedCause = cause === undefined ? null : carry(cause);
  if (!isOuthookError(error)) return { name, message, stack, code, cause: carriedCause, outhook: null };
  const { code: of, detail, hint, param, errors } = error;
  return { name, message, stack, code, cause: carriedCause, outhook: { code: of, detail, hint, param, errors } };
}

/** The same error again, with the stack of where it was thrown. */
export function uncarry({ name, message, stack, code, cause: carried, outhook }: CarriedError): Error {
  const cause = carried === null ? undefined : uncarry(carried);
  let error: Error;
  if (outhook === null) {
    error = new Error(message, { cause });
    if (name !== "Error") Object.defineProperty(error, "name", { value: name });
    if (code !== null) Object.defineProperty(error, "code", { value: code, enumerable: true });
  } else {
    const { code: of, detail, hint, param, errors } = outhook;
    error = new OuthookError(of, detail, { hint: hint ?? undefined, param: param ?? undefined, errors, cause });
  }
  if (stack !== undefined) error.stack = stack;
  return error;
}
