import type { ErrorCode } from "../errors.ts";
import type { AnyEvents } from "../events.ts";
import type { Tenant } from "../tenant.ts";
import type { Fields } from "./fields.ts";

/** Who calls: whose endpoints these are, and whether they may change them. */
export type Principal = { readonly tenant: string; readonly can: "view" | "manage" };

/**
 * The outer shape of an API: its paths and fields, and how its errors look. What it does is the same for all.
 *
 * A host with an API style of its own writes one in about 100 lines, from the operations of this package
 * (`createEndpoint`, `listEndpoints` …) or its own.
 *
 * @example
 * const contract: Contract = {
 *   operations: [getEndpoint({ route: "GET /hooks/{id}", reply: ({ id, url }) => ({ id, url }) })],
 *   error: ({ status, code, detail }) => ({ status, body: { error: { code, message: detail } } }),
 * };
 */
export type Contract = {
  readonly operations: readonly Operation[];
  readonly error: (fault: Fault) => Reply;
  /** Request headers that may carry an idempotency key, in lower case. Default `["idempotency-key"]`. */
  readonly idempotencyHeaders?: readonly string[] | undefined;
};

/** One route and what it does. */
export type Operation = {
  readonly method: Method;
  /** Below the mount, such as `/endpoints/{id}`; a name in braces stands for one segment. */
  readonly path: string;
  readonly can: Principal["can"];
  /** The body's fields; `null` when no body is read. */
  readonly fields: Fields | null;
  /** Query parameters: the core's name → the contract's, for the places of faults. */
  readonly query?: Readonly<Record<string, string>> | undefined;
  readonly perform: (request: OperationRequest) => Promise<Reply>;
};

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** A request that has passed all checks but those of its values. */
export type OperationRequest = {
  readonly principal: Principal;
  readonly tenant: Tenant<AnyEvents, never>;
  readonly events: AnyEvents | null;
  /** Whether receivers see `{ type, timestamp, data }` or an envelope of the host's own. */
  readonly envelope: "standard" | "custom";
  /** The segment at a name in braces, decoded; empty for a name that the path does not have. */
  readonly segment: (name: string) => string;
  /** A query parameter, or `null`. Given twice, it is the last one. */
  readonly query: (name: string) => string | null;
  /** The body under the names of the neutral core; `{}` when none is read. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly idempotencyKey: string | undefined;
};

/** What to answer. */
export type Reply = {
  readonly status: number;
  /** By lower-case name. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sent as JSON; absent for none. */
  readonly body?: unknown;
  /** Default `application/json`. */
  readonly contentType?: string | undefined;
};

/** Where the value to blame stands. */
export type FaultPlace = "body" | "query" | "path" | "header";

/** What went wrong, under the contract's own field names. */
export type Fault = {
  readonly code: ErrorCode;
  readonly status: number;
  readonly title: string;
  /** For whoever called; of an outage or a mistake of the host it says only that there was one. */
  readonly detail: string;
  /** The field, parameter or header to blame, such as `events[2]`. */
  readonly param: string | null;
  readonly place: FaultPlace | null;
  /** Each value to blame; empty when none is. */
  readonly errors: readonly FaultItem[];
  /** A URI that names this occurrence; what is logged has it too. */
  readonly instance: string;
};

export type FaultItem = {
  readonly param: string;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly place: FaultPlace;
};
