import { checkFunction, checkOptions } from "../check-options.ts";
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
  checkOptions("contract", contract, ["operations", "error", "idempotencyHeaders"]);
  checkFunction("contract.error", contract.error);
  createRouter(contract.operations);
  return contract;
}
