import { isOuthookError } from "../errors.ts";
import type { ErrorClass, Outcome } from "../model.ts";

type Failure = Exclude<Outcome, { readonly kind: "response" }>;

const classes: Readonly<Record<string, ErrorClass>> = {
  ENOTFOUND: "dns",
  ENODATA: "dns",
  ECONNREFUSED: "connection_refused",
  ECONNRESET: "connection_reset",
  ECONNABORTED: "connection_reset",
  ENOTCONN: "connection_reset",
  EPIPE: "connection_reset",
  UND_ERR_SOCKET: "connection_reset",
  ETIMEDOUT: "timeout",
  EMSGSIZE: "invalid_response",
  // What undici's parser throws at a status below 100.
  ERR_ASSERTION: "invalid_response",
  UND_ERR_HEADERS_OVERFLOW: "invalid_response",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "invalid_response",
};

const families: readonly (readonly [RegExp, ErrorClass])[] = [
  [/^(EAI|DNS)_/, "dns"],
  [/^HPE_/, "invalid_response"],
  // OpenSSL's verify results have names of their own, most of them with CERT in it.
  [
    /^(ERR_SSL_|ERR_TLS_|UNABLE_TO_|CRL_)|CERT|^(EPROTO|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH)$/,
    "tls",
  ],
];

/** What this process ran out of; the receiver has no part in it. */
const localCodes: ReadonlySet<string> = new Set([
  "EMFILE",
  "ENFILE",
  "ENOMEM",
  "ENOBUFS",
  "ENOSPC",
  "EADDRNOTAVAIL",
  "EAI_MEMORY",
]);

const sentences: Readonly<Record<ErrorClass, string>> = {
  timeout: "the receiver did not answer in time",
  dns: "the host name could not be resolved",
  connection_refused: "the receiver refused the connection",
  connection_reset: "the receiver closed the connection before it answered",
  tls: "the TLS handshake with the receiver failed",
  blocked_address: "the host is not public",
  invalid_url: "the URL is not valid",
  invalid_response: "the receiver's answer is not valid HTTP/1.1",
  network: "the request failed on its way",
  lost: "the outcome is not known",
};

/**
 * What an error before the status line means. Its own message is left out, since it can name an address that the tenant
 * has no business knowing; the code in brackets is for looking it up.
 */
export function failureOf(error: unknown): Failure {
  if (isOuthookError(error)) {
    if (error.code !== "blocked_address" && error.code !== "invalid_url")
      return { kind: "local", message: error.message };
    // Without the hint, since the tenant reads it.
    return { kind: "error", errorClass: error.code, message: error.detail };
  }
  const code = codeOf(error);
  if (localCodes.has(code)) return { kind: "local", message: `this process has run out of a resource (${code})` };
  const errorClass = isBadAnswer(error) ? "invalid_response" : classOf(code);
  const message = code === "" ? sentences[errorClass] : `${sentences[errorClass]} (${code})`;
  return { kind: "error", errorClass, message };
}

/** The outcome of an attempt whose time ran out before a status line came. */
export function timedOut(timeoutMs: number): Failure {
  return { kind: "error", errorClass: "timeout", message: `no response within ${timeoutMs} ms` };
}

/** The outcome of an attempt whose time ran out before its host name was even asked for. */
export function notLookedUp(timeoutMs: number): Failure {
  return { kind: "local", message: `look-ups of other host names took all of the attempt's ${timeoutMs} ms` };
}

/** Whether the connection went away, rather than anything that the receiver said. */
export function isReset(error: unknown): boolean {
  return !isBadAnswer(error) && classOf(codeOf(error)) === "connection_reset";
}

function classOf(code: string): ErrorClass {
  const exact = Object.hasOwn(classes, code) ? classes[code] : undefined;
  return exact ?? families.find(([pattern]) => pattern.test(code))?.[1] ?? "network";
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** undici leaves the code out where its parser stops, and gives a 100 or 101 that nobody asked for that of a lost socket. */
function isBadAnswer(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === "HTTPParserError" || error.message === "bad response" || error.message === "bad upgrade";
}
