import type { OuthookError } from "../errors.ts";
import { isOuthookError } from "../errors.ts";
import type { NetworkPolicy } from "../network.ts";
import type { Transport } from "../transport.ts";
import type { Outcome } from "../model.ts";
import type { Connections } from "./connections.ts";
import { createConnections } from "./connections.ts";
import { createDial } from "./dial.ts";
import type { Target } from "./exchange.ts";
import { exchange } from "./exchange.ts";
import { failureOf } from "./failure.ts";
import { loadClient } from "./load-client.ts";

/** URLs whose check is remembered: a hit costs a lookup, a miss about 3 µs. */
const maxTargets = 4_096;
/** With the default of 256 requests at once, this leaves 64 descriptors of 512 for everything else in the process. */
const defaultMaxConnections = 448;

/** Options of {@link createHttpTransport}. */
export type HttpTransportOptions = {
  /** Where requests may go. */
  readonly policy: NetworkPolicy;
  /**
   * How many connections may be open: requests that need more get them, but then none is kept open for the next request.
   * Idle ones are kept for at most 4 s. Default 448.
   */
  readonly maxConnections?: number | undefined;
  /**
   * Gets each refusal of the guard; its message names the address, its range and the option that opens it, and so is for
   * operators only. Default: nobody.
   */
  readonly onRefused?: ((refusal: OuthookError) => void) | undefined;
};

/**
 * The transport over HTTP/1.1.
 *
 * Every connection goes through the guard of `policy`; redirects are not followed, and no proxy, HTTP/2, Unix socket or
 * compression is used. One deadline bounds the whole exchange. The status line decides: what happens to the body after
 * it, the deadline included, still is a `response`. At most 16 KiB of the body are read; of a longer one the connection
 * is dropped. A kept-alive connection that turns out to be closed is replaced once, within the attempt and its deadline.
 *
 * Opens nothing before the first `send`. After `close`, `send` works again.
 *
 * @example
 * const transport = createHttpTransport({ policy: createNetworkPolicy({ allow: ["10.1.0.0/16"] }) });
 */
export function createHttpTransport(options: HttpTransportOptions): Transport {
  const { policy, maxConnections = defaultMaxConnections, onRefused = () => {} } = options;
  const targets = new Map<string, Target>();
  let connections: Connections | null = null;
  let closings = 0;

  const load = async (): Promise<Connections> => {
    const Client = await loadClient();
    connections ??= createConnections({
      clientOf: (origin, clientOptions) => new Client(origin, clientOptions),
      dial: createDial(policy, onRefused),
      maxConnections,
    });
    return connections;
  };

  const targetOf = (text: string): Target => {
    const known = targets.get(text);
    if (known !== undefined) return known;
    const url = policy.checkUrl(text, "url");
    const target: Target = { origin: url.origin, path: url.pathname + url.search };
    if (targets.size >= maxTargets) targets.clear();
    targets.set(text, target);
    return target;
  };

  return {
    send: async (request): Promise<Outcome> => {
      try {
        const target = targetOf(request.url);
        if (connections !== null) return await exchange(request, target, connections);
        const closingsBefore = closings;
        const loaded = await load();
        if (closings === closingsBefore) return await exchange(request, target, loaded);
        return { kind: "local", message: "the transport was closed before the request was sent" };
      } catch (error) {
        // Only the check of the URL throws, and the import if undici is not installed.
        if (!isOuthookError(error)) return { kind: "local", message: `undici cannot be loaded: ${String(error)}` };
        onRefused(error);
        return failureOf(error);
      }
    },
    close: async () => {
      closings += 1;
      await connections?.close();
    },
  };
}
