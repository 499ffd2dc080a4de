/** A request as any framework can describe it. */
export type Call<Native> = {
  readonly method: string;
  /** Below the mount: starts with a slash, still percent-encoded, without the query. */
  readonly path: string;
  /** What follows the `?`, without it; may be empty. */
  readonly query: string;
  /** By lower-case name; a repeated one joined with `, `. */
  readonly header: (name: string) => string | null;
  /** Reads the body; called at most once, and only when it is wanted. */
  readonly readBody: (maxBytes: number) => Promise<CallBody>;
  /** The framework's own request, for `authenticate` and `rateLimit`. */
  readonly native: Native;
};

/**
 * `parsed`: the framework has read and parsed it already · `aborted`: the caller went away before its end · `consumed`:
 * something of the host's has read it and kept nothing of it.
 */
export type CallBody =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "parsed"; readonly value: unknown }
  | { readonly kind: "too_large" }
  | { readonly kind: "aborted" }
  | { readonly kind: "consumed" };

/** What to answer. */
export type Answer = {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
};

/** What stands below a mount that is so many segments deep, with the query. */
export function belowMount(url: string, depth: number): string {
  const { path, query } = splitUrl(url);
  const below = path.split("/").slice(depth + 1);
  return `/${below.join("/")}${query === "" ? "" : `?${query}`}`;
}

/** The path and the query of a URL, or of what stands below the mount. */
export function splitUrl(target: string): { readonly path: string; readonly query: string } {
  // Requests may name their whole URL (RFC 9112 §3.2.2); whose it says it is does not matter.
  const url = target.replace(/^https?:\/\/[^/?#]*/i, "");
  const end = url.includes("?") ? url.indexOf("?") : url.length;
  const path = url.slice(0, end);
  return { path: path.startsWith("/") ? path : `/${path}`, query: url.slice(end + 1) };
}
