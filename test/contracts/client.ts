/** An answer of one of the APIs. */
export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  /** The content type without its parameters. */
  readonly mediaType: string | null;
  /** `undefined` for none. */
  readonly body: unknown;
};

/** Calls a route, such as `POST /webhooks/endpoints`; text is sent as it is, anything else as JSON. */
export type Client = (
  route: string,
  options?: { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> },
) => Promise<Answer>;

/** A client that sends these headers with every request. */
export function createClient(base: string, credentials: Readonly<Record<string, string>>): Client {
  return async (route, { body, headers } = {}) => {
    const [method = "", path = ""] = route.split(" ");
    const sent = typeof body === "string" ? body : JSON.stringify(body);
    const response = await fetch(base + path, {
      method,
      headers: { ...credentials, ...(body !== undefined && { "content-type": "application/json" }), ...headers },
      ...(sent !== undefined && { body: sent }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      mediaType: response.headers.get("content-type")?.split(";")[0] ?? null,
      body: text === "" ? undefined : JSON.parse(text),
    };
  };
}

/** What stands in a body at a path such as `endpoint.user_id` or `errors[0].param`. */
export function valueAt(body: unknown, path: string): unknown {
  const keys = path.split(/[.[\]]+/).filter((key) => key !== "");
  return keys.reduce<unknown>((value, key) => (Object(value) as Record<string, unknown>)[key], body);
}

export function textAt(body: unknown, path: string): string {
  const value = valueAt(body, path);
  if (typeof value === "string") return value;
  throw new Error(`${path} is ${JSON.stringify(value)} in ${JSON.stringify(body)}`);
}
