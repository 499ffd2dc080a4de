import type { AnyEvents, Outhook } from "../../packages/core/src/index.ts";
import { createOuthook } from "../../packages/core/src/index.ts";
import type { PostgresTransaction } from "../../packages/postgres/src/index.ts";
import { postgresStore } from "../../packages/postgres/src/index.ts";

/** So few that 16 processes fit into the connections that a server allows by default. */
const maxConnections = 4;

/** With its default options, as far as requests to this machine allow. */
export function openOuthook(connectionString: string): Outhook<AnyEvents, PostgresTransaction> {
  return createOuthook({
    store: postgresStore({ connectionString, maxConnections }),
    secretKeys: "plaintext",
    network: { allow: ["127.0.0.1/32"], allowHttp: true },
  });
}
