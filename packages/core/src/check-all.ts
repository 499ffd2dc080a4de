import { isOuthookError, OuthookError } from "./errors.ts";

/** What checks make of the values they were given, by field. */
type Checked<Checks extends Readonly<Record<string, () => unknown>>> = {
  readonly [Field in keyof Checks]: ReturnType<Checks[Field]>;
};

/**
 * Runs a check for each field, also after one has failed, so that whoever filled them in learns of all faults at once.
 *
 * Throws one error that reads like that of the first fault and lists every one in `errors`.
 *
 * @example
 * const { url, status } = checkAll({ url: () => parseUrl(input.url), status: () => parseStatus(input.status) });
 */
export function checkAll<Checks extends Readonly<Record<string, () => unknown>>>(checks: Checks): Checked<Checks> {
  const faults: { readonly field: string; readonly error: OuthookError }[] = [];
  const checked = Object.entries(checks).map(([field, check]) => {
    try {
      return [field, check()] as const;
    } catch (error) {
      if (!isOuthookError(error)) throw error;
      faults.push({ field, error });
      return [field, undefined] as const;
    }
  });
  const [first, ...others] = faults;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each field has what its own check returned
  if (first === undefined) return Object.fromEntries(checked) as Checked<Checks>;
  const hints = [...(first.error.hint === null ? [] : [first.error.hint]), ...others.map(alsoOf)];
  throw new OuthookError(first.error.code, first.error.detail, {
    hint: hints.length === 0 ? undefined : hints.join("; "),
    errors: faults.map(({ field, error }) => ({
      param: error.param ?? field,
      detail: error.detail,
      code: error.code,
    })),
  });
}

function alsoOf({ error }: { readonly error: OuthookError }): string {
  return `also: ${error.message}`;
}
