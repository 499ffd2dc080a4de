import type { Answer, Call, CallBody } from "./call.ts";
import { splitUrl } from "./call.ts";
import type { HandlerOptions, ManagedOuthook } from "./responder.ts";
import { createResponder } from "./responder.ts";

/** Answers a web-standard request. `path` is its path below the mount; default: the whole path of its URL. */
export type Handler = (request: Request, context?: { readonly path?: string | undefined }) => Promise<Response>;

/**
 * The management API as a function from request to response, for every runtime and framework that has those.
 *
 * Only the path and the query of the request's URL are looked at, never its host. Throws `invalid_options` without
 * `authenticate`.
 *
 * @example
 * const handler = createHandler(outhook, { authenticate: (request) => principalOf(request.headers.get("authorization")) });
 * export const POST = (request: Request) => handler(request, { path: new URL(request.url).pathname.slice("/webhooks".length) });
 */
export function createHandler(outhook: ManagedOuthook, options: HandlerOptions<Request>): Handler {
  const respond = createResponder(outhook, options);
  return async (request, { path } = {}) => {
    const url = new URL(request.url);
    const call = webCall(request, { url: (path ?? url.pathname) + url.search, native: request });
    return webResponse(await respond(call), request.method);
  };
}

/** Describes a web-standard request. `url` is what stands below the mount, with its query. */
export function webCall<Native>(
  request: Request,
  { url, native }: { readonly url: string; readonly native: Native },
): Call<Native> {
  return {
    ...splitUrl(url),
    method: request.method,
    header: (name) => request.headers.get(name),
    readBody: async (maxBytes) => await readBody(request, maxBytes),
    native,
  };
}

/** An answer as a web-standard response. */
export function webResponse({ status, headers, body }: Answer, method: string): Response {
  return new Response(method === "HEAD" ? null : body, { status, headers });
}

async function readBody(request: Request, maxBytes: number): Promise<CallBody> {
  const declared = request.headers.get("content-length");
  if (Number(declared) > maxBytes) return { kind: "too_large" };
  if (request.bodyUsed) return { kind: "consumed" };
  try {
    // Servers hold a body to its declared length, and most read one faster than by its stream.
    if (declared === null) return await readStream(request.body, maxBytes);
    const bytes = new Uint8Array(await request.arrayBuffer());
    return bytes.length > maxBytes ? { kind: "too_large" } : { kind: "bytes", bytes };
  } catch {
    return { kind: "aborted" };
  }
}

async function readStream(body: Request["body"], maxBytes: number): Promise<CallBody> {
  if (body === null) return { kind: "bytes", bytes: new Uint8Array() };
  const reader: ReadableStreamDefaultReader<Uint8Array> = body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { kind: "bytes", bytes: joined(chunks, size) };
    size += value.length;
    if (size > maxBytes) {
      void drain(reader);
      return { kind: "too_large" };
    }
    chunks.push(value);
  }
}

/** The rest flows into nothing: cancelled, some servers cut the connection before the sender has read the answer. */
async function drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  try {
    while (!(await reader.read()).done);
  } catch {
    // The sender has gone.
  }
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const all = new Uint8Array(size);
  let end = 0;
  for (const chunk of chunks) {
    all.set(chunk, end);
    end += chunk.length;
  }
  return all;
}
