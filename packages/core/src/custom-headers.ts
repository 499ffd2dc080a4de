import { OuthookError } from "./errors.ts";
import type { StoredEndpoint } from "./model.ts";
import type { SecretBox } from "./secret-box.ts";
import { shown } from "./shown.ts";
import type { TextMap, TextMapPatch } from "./text-map.ts";
import { patchTexts, textEntries } from "./text-map.ts";

const maxHeaders = 20;
const maxNameLength = 100;
const maxValueLength = 4_096;

/** Headers that are not the owner's to set. A name that ends in `-` stands for all that start so. */
const reserved: readonly { readonly why: string; readonly names: readonly string[] }[] = [
  {
    why: "it is set for each request",
    names: ["webhook-", "content-", "user-agent", "accept-encoding", "date"],
  },
  {
    why: "it belongs to the connection",
    names: [
      "host",
      "connection",
      "keep-alive",
      "te",
      "trailer",
      "transfer-encoding",
      "upgrade",
      "expect",
      "http2-settings",
      "proxy-",
    ],
  },
  { why: "webhooks carry no cookies", names: ["cookie", "cookie2", "set-cookie", "set-cookie2"] },
  {
    // What the metadata services of clouds ask for, so that nobody reaches them by a URL alone.
    why: "it speaks to cloud infrastructure",
    names: [
      "metadata",
      "metadata-",
      "x-metadata-",
      "x-identity-",
      "x-aws-",
      "x-amz-",
      "x-goog-",
      "x-google-",
      "x-aliyun-",
    ],
  },
];

/**
 * Checks custom headers, for `create` or, where `null` may remove one, for `update`. Names come out in lower case, values
 * without the spaces and tabs around them.
 *
 * Throws `invalid_headers` for a name that is no HTTP token (RFC 9110, section 5.6.2), is reserved or there twice, and for
 * a value that is not visible ASCII with spaces and tabs between.
 *
 * @example
 * parseHeaders({ "X-Api-Key": " k " }, { removal: false }); // { "x-api-key": "k" }
 */
export function parseHeaders(input: unknown, { removal }: { readonly removal: boolean }): TextMapPatch {
  if (input === null) return null;
  const headers = new Map<string, string | null>();
  for (const [spelled, value] of textEntries(input, "headers", "invalid_headers")) {
    const param = `headers[${shown(spelled)}]`;
    const name = spelled.toLowerCase();
    const fault = nameFault(spelled) ?? (headers.has(name) ? "is there twice; names differ by more than case" : null);
    if (fault !== null) throw refused(param, fault);
    headers.set(name, removal && value === null ? null : parseValue(value, param));
  }
  const patch = Object.fromEntries(headers);
  patchHeaders({}, patch);
  return patch;
}

/** The headers after a change. Throws `invalid_headers` when they would be too many. */
export function patchHeaders(current: TextMap, patch: TextMapPatch): TextMap {
  const headers = patchTexts(current, patch);
  const count = Object.keys(headers).length;
  if (count > maxHeaders) throw refused("headers", `would be ${count}; an endpoint has at most ${maxHeaders}`);
  return headers;
}

/** The form in which an endpoint's headers are stored. */
export function sealHeaders(
  headers: TextMap,
  { tenant, id }: Pick<StoredEndpoint, "tenant" | "id">,
  secretBox: SecretBox,
): Pick<StoredEndpoint, "headerNames" | "sealedHeaders"> {
  const headerNames = Object.keys(headers).toSorted();
  if (headerNames.length === 0) return { headerNames, sealedHeaders: null };
  const place = { table: "headers", tenant, endpointId: id } as const;
  return { headerNames, sealedHeaders: secretBox.seal(JSON.stringify(headers), place) };
}

/** An endpoint's custom headers. Throws what {@link SecretBox.open} throws, also for a text that was readable and was damaged. */
export function openHeaders(
  { tenant, id, sealedHeaders }: Pick<StoredEndpoint, "tenant" | "id" | "sealedHeaders">,
  secretBox: SecretBox,
): TextMap {
  if (sealedHeaders === null) return {};
  const text = secretBox.open(sealedHeaders, { table: "headers", tenant, endpointId: id }).reveal();
  try {
    return JSON.parse(text);
  } catch {
    // Not with its cause, which quotes the text.
    throw new OuthookError("internal", `the text of the custom headers of endpoint ${id} is not JSON`, {
      hint: "restore the row, or clear them with headers: null and set them anew",
    });
  }
}

function nameFault(name: string): string | null {
  if (name.length > maxNameLength)
    return `has a name of ${name.length} characters; at most ${maxNameLength} are allowed`;
  if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name)) {
    return "is not a name that HTTP allows; use letters, digits and hyphens";
  }
  // Receivers that run as CGI and WSGI programs do see no difference between an underscore and a hyphen.
  const lower = name.toLowerCase().replaceAll("_", "-");
  const rule = reserved.find(({ names }) =>
    names.some((one) => (one.endsWith("-") ? lower.startsWith(one) : lower === one)),
  );
  return rule === undefined ? null : `cannot be set, as ${rule.why}; leave it out`;
}

function parseValue(value: unknown, param: string): string {
  if (typeof value !== "string") throw refused(param, `is ${shown(value)}; a value is one text`);
  if (value.length > maxValueLength) {
    throw refused(param, `has ${value.length} characters; at most ${maxValueLength} are allowed`);
  }
  // Not shown: it may be a password.
  if (!/^[\t\x20-\x7e]*$/.test(value)) {
    throw refused(param, "has a character that is neither visible ASCII nor a space or tab; remove or encode it");
  }
  return value.trim();
}

function refused(param: string, fault: string): OuthookError {
  return new OuthookError("invalid_headers", `${param} ${fault}`, { param });
}
