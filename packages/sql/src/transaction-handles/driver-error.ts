/** An error as the driver of the database made it, by what a library has kept of it. */
export function driverError(kept: {
  readonly message: unknown;
  readonly code?: unknown;
  readonly severity?: unknown;
}): Error {
  const { message, code, severity } = kept;
  return Object.assign(
    new Error(String(message)),
    code === undefined ? {} : { code },
    severity === undefined ? {} : { severity },
  );
}
