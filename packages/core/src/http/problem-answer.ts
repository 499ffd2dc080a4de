import { randomUUID } from "node:crypto";
import type { OuthookError } from "../errors.ts";
import type { AnyEvents } from "../events.ts";
import type { Outhook } from "../outhook.ts";
import type { Answer } from "./call.ts";
import { faultOf } from "./faults.ts";
import { problemReply } from "./problem-reply.ts";
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
export function problemAnswer<C extends AnyEvents, Tx>(outhook: Outhook<C, Tx>, error: OuthookError): Answer {
  const instance = `urn:uuid:${randomUUID()}`;
  const fault = faultOf(error, { contract: standardContract, operation: null, instance });
  const { status, contentType = "application/json", body } = problemReply(fault);
  if (status >= 500) outhook.logger.error({ error, instance }, "a request to the host failed");
  return {
    status,
    headers: {
      "content-type": contentType,
      "cache-control": "no-store",
      ...(status === 401 && { "www-authenticate": "Bearer" }),
      ...(status === 503 && { "retry-after": "1" }),
    },
    body: JSON.stringify(body),
  };
}
