import type { ErrorClass, Outcome } from "@outhook/core";

/** What undici and Node call what happened to a tunnel, or in it. */
const classes: readonly (readonly [RegExp, ErrorClass])[] = [
  [/^(UND_ERR_SOCKET|ECONNRESET|EPIPE)$/, "connection_reset"],
  [/^UND_ERR_CONNECT_TIMEOUT$/, "timeout"],
  [/^(HPE_|UND_ERR_HEADERS_OVERFLOW|UND_ERR_RES_)/, "invalid_response"],
  [/^(ERR_SSL_|ERR_TLS_|EPROTO|UNABLE_TO_)|CERT/, "tls"],
];

/** The proxy itself could not be reached. Receivers are dialled by the proxy, so these never speak of one. */
const noProxy: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ETIMEDOUT",
  "UND_ERR_PRX_CONN",
]);

/** What an error before the status line means. */
export function errorOf(error: unknown): Outcome {
  const { message, code } = detailsOf(error);
  const [, status] = /^Proxy response \((\d+)\)/.exec(message) ?? [];
  if (status !== undefined) return refusalOf(Number(status));
  // No receiver's fault, so it is made again at no charge, and no endpoint is disabled while the proxy is away.
  if (noProxy.has(code)) return { kind: "local", message: `the outbound proxy cannot be reached (${code})` };
  const errorClass = classes.find(([pattern]) => pattern.test(code))?.[1] ?? "network";
  return { kind: "error", errorClass, message: `the request failed on its way (${code})` };
}

/** What the proxy answered to CONNECT. Smokescreen refuses with 407 what its rules close, others with 403. */
function refusalOf(status: number): Outcome {
  const [errorClass, message]: readonly [ErrorClass, string] =
    status === 403 || status === 407
      ? ["blocked_address", "the host is not public"]
      : status === 504
        ? ["timeout", "the receiver did not answer in time"]
        : ["network", "the receiver could not be reached"];
  return { kind: "error", errorClass, message: `${message} (the outbound proxy answered ${status})` };
}

function detailsOf(error: unknown): { readonly message: string; readonly code: string } {
  if (!(error instanceof Error)) return { message: String(error), code: "" };
  if (error.name === "HTTPParserError") return { message: error.message, code: "HPE_" };
  const code = "code" in error && typeof error.code === "string" ? error.code : error.name;
  return { message: error.message, code };
}
