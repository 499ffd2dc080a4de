/** An app that serves the management API by `node:http`. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import type { Principal } from "../../packages/core/src/http/index.ts";
import type { AnyEvents, Outhook } from "../../packages/core/src/index.ts";
import { createListener } from "../../packages/core/src/node/index.ts";
import { serve } from "../process/serve.ts";
import type { Location } from "../stores.ts";
import { openOuthook } from "../stores.ts";

export type ApiCommands = typeof commands;

let running: { readonly outhook: Outhook<AnyEvents, never>; readonly server: Server } | null = null;

/** As quick as authentication can be: the token names the tenant. */
function authenticate({ headers }: Pick<IncomingMessage, "headers">): Principal | null {
  const [scheme, tenant = ""] = headers.authorization?.split(" ") ?? [];
  return scheme === "Bearer" && tenant !== "" ? { tenant, can: "manage" } : null;
}

const commands = {
  /** Returns the port. */
  listen: async (location: Location): Promise<number> => {
    const outhook = openOuthook(location);
    const server = createServer(createListener(outhook, { authenticate }));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    running = { outhook, server };
    const address = server.address();
    return typeof address === "object" ? (address?.port ?? 0) : 0;
  },
  close: async (): Promise<void> => {
    running?.server.closeAllConnections();
    running?.server.close();
    await running?.outhook.close();
  },
};

serve(commands);
