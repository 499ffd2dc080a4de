import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import type { Call, CallBody } from "../http/call.ts";
import { splitUrl } from "../http/call.ts";

/** How a framework has dealt with a request before it came here. */
export type NodeCallInput<Native> = {
  /** What stands below the mount, with its query. */
  readonly url: string;
  /** What the framework has made of the body; absent or `undefined` when it left it unread. */
  readonly body?: unknown;
  /** Where an unread body is read from. Default: the request. */
  readonly stream?: Readable | undefined;
  readonly native: Native;
};

/** Describes a request of `node:http`, `node:http2` or a framework on them. */
export function nodeCall<Native>(
  request: Pick<IncomingMessage, "method" | "headers"> & Readable,
  { url, body, stream = request, native }: NodeCallInput<Native>,
): Call<Native> {
  return {
    ...splitUrl(url),
    method: request.method ?? "",
    // Not `headersDistinct`, which requests that never were on a socket do not have.
    header: (name) => request.headers[name]?.toString() ?? null,
    readBody: async (maxBytes) => {
      if (!isLeftUnread(body, stream)) return bodyOf(body, maxBytes);
      const declared = Number(request.headers["content-length"]);
      return declared > maxBytes ? { kind: "too_large" } : await readBody(stream, maxBytes);
    },
    native,
  };
}

/** Some parsers leave an empty object behind where they have read nothing. */
function isLeftUnread(body: unknown, stream: Readable): boolean {
  if (body === undefined || body === null) return true;
  const isEmpty = typeof body === "object" && !(body instanceof Uint8Array) && Object.keys(body).length === 0;
  return isEmpty && !stream.readableDidRead && !stream.readableEnded;
}

function bodyOf(body: unknown, maxBytes: number): CallBody {
  if (typeof body !== "string" && !(body instanceof Uint8Array)) return { kind: "parsed", value: body };
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  return bytes.length > maxBytes ? { kind: "too_large" } : { kind: "bytes", bytes };
}

async function readBody(stream: Readable, maxBytes: number): Promise<CallBody> {
  return await new Promise((resolve) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    const onData = (chunk: Uint8Array | string): void => {
      // Text is what the host has set an encoding for.
      const bytes = typeof chunk === "string" ? Buffer.from(chunk, stream.readableEncoding ?? "utf8") : chunk;
      size += bytes.length;
      if (size > maxBytes) settle({ kind: "too_large" });
      else chunks.push(bytes);
    };
    const onEnd = (): void => settle({ kind: "bytes", bytes: Buffer.concat(chunks, size) });
    const onGone = (): void => settle({ kind: "aborted" });
    const settle = (body: CallBody): void => {
      stream.off("data", onData).off("end", onEnd).off("close", onGone).off("error", onGone);
      // The rest of a body that is too large flows into nothing, so that its sender gets to read the answer.
      stream.on("error", () => undefined).resume();
      resolve(body);
    };
    if (stream.readableEnded) settle({ kind: "consumed" });
    else if (stream.destroyed) settle({ kind: "aborted" });
    else stream.on("data", onData).on("end", onEnd).on("close", onGone).on("error", onGone).resume();
  });
}
