import type { OuthookError } from "../errors.ts";
import { alwaysSent, answerTo } from "./answers.ts";
import type { Answer } from "./call.ts";
import type { ManagedOuthook } from "./responder.ts";
import { standardContract } from "./standard-contract.ts";

/**
 * What the standard API would answer to this error, for the host's own routes: problem details with the status of its code.
 *
 * Of outages and of the host's mistakes (5xx) the answer says only that there was one; they are logged under its `instance`.
 *
 * @example
 * app.onError((error) => {
 *   if (!isOuthookError(error)) throw error;
 *   const { status, headers, body } = problemAnswer(outhook, error);
 *   return new Response(body, { status, headers });
 * });
 */
export function problemAnswer({ logger }: Pick<ManagedOuthook, "logger">, error: OuthookError): Answer {
  return answerTo(error, {
    contract: standardContract,
    operation: null,
    names: "contract",
    headers: alwaysSent,
    logger,
  });
}
