import { checkMethods, checkOptions } from "../check-options.ts";
import { OuthookError } from "../errors.ts";
import { shown } from "../shown.ts";
import type { Contract } from "./contract.ts";
import { createRouter } from "./router.ts";

/**
 * Checks a contract where it is written, rather than where it is mounted, and returns it.
 *
 * Throws `invalid_options` for a path that is not one, and for two operations on one route.
 *
 * @example
 * export const contract = defineContract({
 *   operations: [getEndpoint({ route: "GET /hooks/{id}", reply: ({ id, url }) => ({ id, url }) })],
 *   error: ({ status, code, detail }) => ({ status, body: { error: { code, message: detail } } }),
 * });
 */
export function defineContract(contract: Contract): Contract {
  checkOptions("contract", contract ?? null, ["operations", "error", "idempotencyHeaders"]);
  checkMethods("contract", contract, ["error"]);
  if (!Array.isArray(contract.operations)) {
    const fault = `contract.operations is ${shown(contract.operations)}; pass a list such as [getEndpoint({ … })]`;
    throw new OuthookError("invalid_options", fault, { param: "contract.operations" });
  }
  createRouter(contract.operations);
  return contract;
}
