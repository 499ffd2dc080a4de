import { OuthookError } from "../errors.ts";
import { shown } from "../shown.ts";
import type { Call } from "./call.ts";

/** Most bytes of a request body. */
const maxBodyBytes = 1_048_576;
/** Deepest nesting of a request body. */
const maxDepth = 64;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads a body as JSON. Throws `unsupported_media_type`, `body_too_large` or `malformed_body`, in this order.
 *
 * A request without any body and without a content type means `{}`, unless a browser sent it: other sites can make a
 * browser send exactly that with the user's cookies.
 */
export async function readJson(call: Call<unknown>): Promise<unknown> {
  const contentType = call.header("content-type");
  const bodyless = contentType === null && call.header("origin") === null;
  if (!bodyless) checkMediaType(contentType, call.method);
  checkEncoding(call.header("content-encoding"));
  const body = await call.readBody(maxBodyBytes);
  switch (body.kind) {
    case "too_large":
      throw new OuthookError("body_too_large", `the body has more than ${maxBodyBytes} bytes`);
    case "aborted":
      throw new OuthookError("malformed_body", "the body ended before all of it was sent");
    case "consumed":
      throw new OuthookError("internal", "the body was read before the management API could", {
        hint: "mount the API before whatever reads request bodies, or behind a parser that leaves the body on the request",
      });
    case "parsed":
      return shallow(body.value);
    case "bytes":
      if (body.bytes.length === 0) return {};
      if (bodyless) checkMediaType(contentType, call.method);
      return shallow(parsed(body.bytes));
  }
}

function checkMediaType(contentType: string | null, method: string): void {
  const [type = "", ...parameters] = (contentType ?? "")
    .toLowerCase()
    .split(";")
    .map((part) => part.trim());
  const isJson = type === "application/json" || (method === "PATCH" && type === "application/merge-patch+json");
  if (isJson && parameters.every(isFine)) return;
  const received = contentType === null ? "there is no content-type" : `content-type is ${shown(contentType)}`;
  throw new OuthookError("unsupported_media_type", `${received}; send JSON with content-type: application/json`, {
    param: "content-type",
  });
}

/** Any parameter but a character set other than UTF-8. */
function isFine(parameter: string): boolean {
  const [name, value = ""] = parameter.split("=");
  return name !== "charset" || /^"?utf-?8"?$/.test(value);
}

function checkEncoding(encoding: string | null): void {
  if (encoding === null || encoding === "" || encoding.toLowerCase() === "identity") return;
  throw new OuthookError("unsupported_media_type", `content-encoding is ${shown(encoding)}; send the body as it is`, {
    param: "content-encoding",
  });
}

function parsed(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw new OuthookError("malformed_body", "the body is not UTF-8");
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new OuthookError("malformed_body", "the body is not valid JSON");
  }
}

/** Refuses deep nesting, level by level and without recursion, since it can be as deep as the body is long. */
function shallow(value: unknown): unknown {
  let level = [value].filter(isContainer);
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > maxDepth)
      throw new OuthookError("malformed_body", `the body is nested more than ${maxDepth} levels deep`);
    level = level.flatMap((node) => Object.values(node).filter(isContainer));
  }
  return value;
}

function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
