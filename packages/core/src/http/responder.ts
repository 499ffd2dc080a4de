import { checkFunction, checkOptions } from "../check-options.ts";
import { OuthookError } from "../errors.ts";
import type { AnyEvents } from "../events.ts";
import type { Outhook } from "../outhook.ts";
import { reasonOf, shown } from "../shown.ts";
import { parseTenant } from "../tenant.ts";
import { alwaysSent, answerOf, answerTo } from "./answers.ts";
import type { Answer, Call } from "./call.ts";
import type { Contract, Operation, OperationRequest, Principal } from "./contract.ts";
import type { Names } from "./faults.ts";
import { defineContract } from "./define-contract.ts";
import { readFields } from "./fields.ts";
import { idempotencyKeyOf } from "./idempotency-header.ts";
import { readJson } from "./json-body.ts";
import type { RateLimit } from "./rate-limit.ts";
import { parseRateLimit, rateLimitHeaders } from "./rate-limit.ts";
import { createRouter } from "./router.ts";
import { standardContract } from "./standard-contract.ts";

/** Options of every way to mount the API. */
export type HandlerOptions<Native> = {
  /**
   * Who calls, from the framework's own request. `null` is answered with 401; an error thrown is logged and answered with
   * 500 without detail.
   */
  readonly authenticate: (request: Native) => Principal | null | Promise<Principal | null>;
  /** Default: the standard API of Outhook. */
  readonly contract?: Contract | undefined;
  /** Default: none. */
  readonly rateLimit?: RateLimit<Native> | undefined;
};

/** Answers a request. Rejects only with what a contract's own `error` throws, or when its answer is none. */
export type Responder<Native> = (call: Call<Native>) => Promise<Answer>;

/** What the API needs of what `createOuthook` returns, whatever its catalogue and its transactions. */
export type ManagedOuthook = Pick<Outhook<AnyEvents, never>, "events" | "envelope" | "logger"> & {
  readonly tenant: (tenant: string) => unknown;
};

/**
 * Makes what answers the requests, for adapters to frameworks.
 *
 * Throws `invalid_options` without `authenticate`: without it everybody would be let in.
 */
export function createResponder<Native>(outhook: ManagedOuthook, options: HandlerOptions<Native>): Responder<Native> {
  const { authenticate, contract = standardContract, rateLimit } = checkedOptions(outhook, options);
  defineContract(contract);
  const route = createRouter(contract.operations);
  const idempotencyHeaders = (contract.idempotencyHeaders ?? ["idempotency-key"]).map((name) => name.toLowerCase());

  const requestOf = async (
    operation: Operation,
    principal: Principal,
    input: Found<Native>,
  ): Promise<OperationRequest> => {
    const { call, segment } = input;
    const { method, fields } = operation;
    const json = fields === null ? null : await readJson(call);
    const idempotencyKey = method === "POST" ? idempotencyKeyOf(call, idempotencyHeaders) : undefined;
    const body = fields === null ? {} : readFields(json, fields);
    const parameters = new URLSearchParams(call.query);
    return {
      principal,
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the types of its catalogue say less than it checks
      tenant: outhook.tenant(principal.tenant) as never,
      events: outhook.events,
      envelope: outhook.envelope,
      segment,
      query: (name) => parameters.getAll(name).at(-1) ?? null,
      body,
      idempotencyKey,
    };
  };

  return async (call) => {
    const headers: Record<string, string> = { ...alwaysSent };
    let operation: Operation | null = null;
    let names: Names = "contract";
    try {
      const principal = principalOf(await ofHost("authenticate", () => authenticate(call.native)));
      if (rateLimit !== undefined) {
        const result = parseRateLimit(await ofHost("rateLimit", () => rateLimit(principal, call.native)));
        Object.assign(headers, rateLimitHeaders(result));
        if (result.ok !== true) throw rateLimited(headers["retry-after"]);
      }
      const match = route(call.method, call.path);
      if (match.kind === "not_found") throw new OuthookError("not_found", "there is nothing at this path");
      if (match.kind === "method_not_allowed") {
        headers["allow"] = match.allowed.join(", ");
        throw methodNotAllowed(call.method, match.allowed);
      }
      ({ operation } = match);
      if (operation.can === "manage" && principal.can !== "manage") throw forbidden();
      const request = await requestOf(operation, principal, { call, segment: match.segment });
      names = "core";
      return answerOf(await operation.perform(request), headers);
    } catch (thrown) {
      return answerTo(thrown, { contract, operation, names, headers, logger: outhook.logger });
    }
  };
}

type Found<Native> = { readonly call: Call<Native>; readonly segment: (name: string) => string };

function checkedOptions<Native>(outhook: unknown, options: HandlerOptions<Native>): HandlerOptions<Native> {
  if (typeof outhook !== "object" || outhook === null || !("tenant" in outhook)) {
    const fault = `the first argument is ${shown(outhook)}; pass what createOuthook({ … }) returns`;
    throw new OuthookError("invalid_options", fault, { param: "outhook" });
  }
  checkOptions("", options ?? null, ["authenticate", "contract", "rateLimit"]);
  checkFunction("rateLimit", options.rateLimit);
  if (typeof options.authenticate === "function") return options;
  const fault = `authenticate is ${shown(options.authenticate)}; pass a function that says who calls, or null for nobody`;
  throw new OuthookError("invalid_options", fault, { param: "authenticate" });
}

/** Whatever a hook of the host throws is the host's to mend, and nothing of it is for callers to read. */
async function ofHost<Result>(name: string, call: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (cause) {
    throw new OuthookError("internal", `${name} threw`, { hint: reasonOf(cause), cause });
  }
}

/** Fails closed: whatever is not exactly a principal lets nobody in. */
function principalOf(found: unknown): Principal {
  if (found === null || found === undefined) {
    throw new OuthookError("unauthenticated", "the request carries no valid credentials");
  }
  const { tenant, can }: { readonly tenant?: unknown; readonly can?: unknown } = Object(found);
  if (can === "view" || can === "manage") return { tenant: parseTenant(tenant), can };
  throw new OuthookError("internal", 'authenticate must return { tenant, can: "view" | "manage" } or null', {
    param: "authenticate",
  });
}

function rateLimited(seconds = "0"): OuthookError {
  return new OuthookError("rate_limited", `too many requests; try again in ${seconds} s`);
}

function methodNotAllowed(method: string, allowed: readonly string[]): OuthookError {
  const fault = `${shown(method)} is not possible here; possible are ${allowed.join(", ")}`;
  return new OuthookError("method_not_allowed", fault);
}

function forbidden(): OuthookError {
  return new OuthookError("forbidden", "these credentials may look, but not change anything");
}
