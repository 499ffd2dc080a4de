import { checkOptions } from "./check-options.ts";
import { OuthookError } from "./errors.ts";
import { isId } from "./id.ts";
import { shown } from "./shown.ts";

/** Which page of a list. */
export type PageOptions = {
  /** 1–100, default 25. */
  readonly limit?: number | undefined;
  /** The id of the last item of the page before. */
  readonly startingAfter?: string | undefined;
};

/** A page, newest first. */
export type Page<Item> = { readonly data: readonly Item[]; readonly hasMore: boolean };

const defaultLimit = 25;
const maxLimit = 100;

/** Checks the options of a list. Throws `invalid_limit` or `invalid_cursor`. */
export function parsePageOptions(options: PageOptions = {}): {
  readonly limit: number;
  readonly after: string | undefined;
} {
  checkOptions("", options, ["limit", "startingAfter"]);
  const { limit = defaultLimit, startingAfter } = options;
  if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit) {
    throw new OuthookError(
      "invalid_limit",
      `limit is ${shown(limit)}; it must be a whole number from 1 to ${maxLimit}`,
      {
        param: "limit",
      },
    );
  }
  if (startingAfter !== undefined && !isId(startingAfter)) {
    throw new OuthookError(
      "invalid_cursor",
      `startingAfter is ${shown(startingAfter)}; pass the id of the last item of the page before`,
      { param: "startingAfter" },
    );
  }
  return { limit, after: startingAfter };
}

/** Cuts a page from one item more than it holds. */
export function pageOf<Item>(items: readonly Item[], limit: number): Page<Item> {
  return { data: items.slice(0, limit), hasMore: items.length > limit };
}
