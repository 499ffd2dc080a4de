import type { IncomingMessage } from "node:http";
import type { Call, CallBody } from "../http/call.ts";
import { splitUrl } from "../http/call.ts";

/**
 * Describes a request of `node:http`, or of a framework on it.
 *
 * `url` is what stands below the mount, with its query. `body` is what the framework has made of the body; absent or
 * `undefined` when it left it unread.
 */
export function nodeCall<Native>(
  request: IncomingMessage,
  { url, body, native }: { readonly url: string; readonly body?: unknown; readonly native: Native },
): Call<Native> {
  return {
    ...splitUrl(url),
    method: request.method ?? "",
    header: (name) => request.headersDistinct[name]?.join(", ") ?? null,
    readBody: async (maxBytes) => (body === undefined ? await readBody(request, maxBytes) : bodyOf(body, maxBytes)),
    native,
  };
}

function bodyOf(body: unknown, maxBytes: number): CallBody {
  if (typeof body !== "string" && !(body instanceof Uint8Array)) return { kind: "parsed", value: body };
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  return bytes.length > maxBytes ? { kind: "too_large" } : { kind: "bytes", bytes };
}

async function readBody(request: IncomingMessage, maxBytes: number): Promise<CallBody> {
  if (Number(request.headers["content-length"]) > maxBytes) return { kind: "too_large" };
  return await new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > maxBytes) settle({ kind: "too_large" });
      else chunks.push(chunk);
    };
    const onEnd = (): void => settle({ kind: "bytes", bytes: Buffer.concat(chunks, size) });
    const onGone = (): void => settle({ kind: "aborted" });
    const settle = (body: CallBody): void => {
      request.off("data", onData).off("end", onEnd).off("close", onGone).off("error", onGone);
      // The rest of a body that is too large flows into nothing, so that its sender gets to read the answer.
      request.on("error", () => {}).resume();
      resolve(body);
    };
    if (request.destroyed) settle({ kind: "aborted" });
    else request.on("data", onData).on("end", onEnd).on("close", onGone).on("error", onGone);
  });
}
