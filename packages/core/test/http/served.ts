import type { Contract } from "../../src/http/index.ts";
import { createHandler } from "../../src/http/index.ts";
import type { AnyEvents, Outhook, Store } from "../../src/index.ts";
import { createOuthook, memoryStore } from "../../src/index.ts";

/** A contract's API for `acme`, which may do everything. */
export type Served = {
  readonly outhook: Outhook<AnyEvents, never>;
  /** Asks for `METHOD /path`. */
  readonly send: (route: string, init?: RequestInit) => Promise<Response>;
  /** The errors logged so far. */
  readonly logged: readonly Readonly<Record<string, unknown>>[];
};

/** Serves a contract on a store in memory. */
export async function serve(
  contract: Contract | undefined,
  { store = memoryStore() }: { readonly store?: Store } = {},
): Promise<Served> {
  const logged: Readonly<Record<string, unknown>>[] = [];
  const outhook = createOuthook({
    store,
    secretKeys: "plaintext",
    limits: { endpointsPerTenant: 2_000 },
    logger: { warn: () => undefined, error: (details) => void logged.push(details) },
  });
  await outhook.migrate();
  const handler = createHandler(outhook, { contract, authenticate: () => ({ tenant: "acme", can: "manage" }) });
  const send: Served["send"] = async (route, init) => {
    const [method = "", path = ""] = route.split(" ");
    return await handler(new Request(`http://127.0.0.1${path}`, { method, ...init }));
  };
  return { outhook, send, logged };
}

/** How the contracts of tests show a fault. */
export const error: Contract["error"] = ({ status, code, detail }) => ({ status, body: { code, detail } });
