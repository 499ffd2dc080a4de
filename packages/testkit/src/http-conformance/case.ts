import type { AnyEvents, Outcome, Outhook, Store, TransportRequest } from "@outhook/core";
import type { ManualClock } from "../manual-clock.ts";
import type { HttpHost } from "./mount.ts";
import type { WireBody } from "./wire.ts";

/** One clause about the HTTP API. */
export type HttpCase = {
  /** A sentence about behaviour. */
  readonly name: string;
  readonly setup?: Setup | undefined;
  readonly run: (api: Api) => Promise<void>;
};

/** The clauses about one part of the API. */
export type HttpCaseGroup = { readonly group: string; readonly cases: readonly HttpCase[] };

/** How the served outhook differs from the usual one, which is without a catalogue and takes public HTTPS URLs. */
export type Setup = {
  /** Default: knows the {@link Caller}s. */
  readonly authenticate?: HttpHost["authenticate"] | undefined;
  readonly rateLimit?: HttpHost["rateLimit"];
  readonly events?: AnyEvents | undefined;
  readonly endpointsPerTenant?: number | undefined;
  /** Plants a fault in the store. */
  readonly store?: ((store: Store) => Store) | undefined;
  /** What receivers answer. Default: 200. */
  readonly outcome?: Outcome | undefined;
};

/** `acme` may manage its endpoints, `viewer` may look at them; `globex` is another tenant's, and may manage. */
export type Caller = "acme" | "viewer" | "globex";

/** A served outhook, as a case meets it. */
export type Api = {
  /**
   * Sends `METHOD /path?query`, with the path below the mount. The answer has passed the checks that hold for every
   * answer of the API.
   */
  readonly send: (route: string, request?: ApiRequest) => Promise<Reply>;
  /** Sends the first bytes of a body and goes away. */
  readonly abort: (route: string, request: ApiRequest) => Promise<void>;
  /** Sends these bytes, with `{mount}` for the path of the mount, and resolves with the status. */
  readonly sendBytes: (bytes: string) => Promise<number>;
  /** Runs steps and asserts that they have written nothing. */
  readonly unchanged: <Result>(steps: () => Promise<Result>) => Promise<Result>;
  readonly outhook: Outhook<AnyEvents, never>;
  readonly clock: ManualClock;
  /** What receivers were sent. */
  readonly sent: readonly TransportRequest[];
  /** The errors logged so far. */
  readonly logged: readonly Readonly<Record<string, unknown>>[];
  /** Whether a parser of the host reads bodies first. */
  readonly bodies: "raw" | "host";
  /** Of the mount. */
  readonly url: string;
};

export type ApiRequest = {
  /** Default `acme`; `null` for no credentials. */
  readonly as?: Caller | null | undefined;
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is. */
  readonly body?: WireBody | undefined;
  /** Of the body; `null` for none. Default `application/json`. */
  readonly contentType?: string | null | undefined;
  /**
   * Who may refuse this before the API sees it, with a 4xx of its own: the HTTP `server` or the router of the framework,
   * or, where the host reads bodies, its `parser`.
   */
  readonly early?: "server" | "parser" | undefined;
};

/** What the API answered. */
export type Reply = {
  readonly status: number;
  /** By lower-case name; a repeated one joined with `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The body's fields; none without a body. */
  readonly body: Readonly<Record<string, unknown>>;
  /** `false` when somebody refused it who may do so `early`. */
  readonly ours: boolean;
};
