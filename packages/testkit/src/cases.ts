import { OuthookError } from "@outhook/core";

/** A clause of a port or of the API that any test runner can run. */
export type ConformanceCase = {
  /** Group and sentence, such as `claim/no delivery goes to two claimers`. Stable. */
  readonly id: string;
  readonly group: string;
  /** Rejects with an `AssertionError` when the clause is broken. */
  readonly run: () => Promise<void>;
};

/** A case that is not passed, or with the id of a group all of its cases, and why that is right. */
export type SkippedCase = { readonly id: string; readonly reason: string };

/** The cases without the skipped ones. Throws `invalid_options` for an unknown id or an empty reason. */
export function withoutSkipped(
  cases: readonly ConformanceCase[],
  skip: readonly SkippedCase[],
): readonly ConformanceCase[] {
  const known = new Set(cases.flatMap(({ id, group }) => [id, group]));
  for (const [index, { id, reason }] of skip.entries()) {
    if (!known.has(id)) {
      throw new OuthookError(
        "invalid_options",
        `skip[${index}].id: no case and no group is called ${JSON.stringify(id.slice(0, 60))}`,
      );
    }
    if (reason.trim() === "") {
      throw new OuthookError("invalid_options", `skip[${index}].reason: say why ${id} need not be passed`);
    }
  }
  const skipped = new Set(skip.map(({ id }) => id));
  return cases.filter(({ id, group }) => !skipped.has(id) && !skipped.has(group));
}
