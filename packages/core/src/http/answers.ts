import { randomUUID } from "node:crypto";
import { isOuthookError, OuthookError } from "../errors.ts";
import type { Logger } from "../logger.ts";
import { shown } from "../shown.ts";
import type { Answer } from "./call.ts";
import type { Contract, Operation, Reply } from "./contract.ts";
import type { Names } from "./faults.ts";
import { faultOf } from "./faults.ts";
import { problemKinds } from "./problems.ts";

/** Secrets are in some answers, and no answer is a page. */
export const alwaysSent: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
};

/** A reply as it is sent, with these headers beside its own. Throws for a status that is none. */
export function answerOf(reply: Reply, headers: Readonly<Record<string, string>>): Answer {
  const { status, body, contentType } = reply;
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new OuthookError("internal", `contract: the status ${shown(status)} is not one from 200 to 599`);
  }
  if (body === undefined || status === 204) return { status, headers: { ...headers, ...reply.headers }, body: null };
  const type = { "content-type": contentType ?? "application/json" };
  return { status, headers: { ...headers, ...type, ...reply.headers }, body: JSON.stringify(body) };
}

/** What was thrown, as the contract answers it. What is the host's to mend (5xx) is logged under the answer's instance. */
export function answerTo(
  thrown: unknown,
  input: {
    readonly contract: Contract;
    readonly operation: Operation | null;
    readonly names: Names;
    readonly headers: Readonly<Record<string, string>>;
    readonly logger: Logger;
  },
): Answer {
  const { contract, operation, names, headers, logger } = input;
  const error = isKnown(thrown) ? thrown : new OuthookError("internal", "unexpected", { cause: thrown });
  const instance = `urn:uuid:${randomUUID()}`;
  const fault = faultOf(error, { contract, operation, names, instance });
  if (fault.status >= 500) logger.error({ error: thrown, instance }, "a request was answered with a server error");
  return answerOf(contract.error(fault), {
    ...headers,
    ...((fault.status === 503 || fault.status === 429) && { "retry-after": headers["retry-after"] ?? "1" }),
  });
}

/** Another copy of this package may have codes and fields that this one does not know. */
function isKnown(thrown: unknown): thrown is OuthookError {
  if (!isOuthookError(thrown) || !Object.hasOwn(problemKinds, thrown.code)) return false;
  return typeof thrown.detail === "string" && Array.isArray(thrown.errors);
}
