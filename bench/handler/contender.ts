import type { Principal } from "../../packages/core/src/http/index.ts";
import type { Outhook } from "../../packages/core/src/outhook.ts";
import type { AnyEvents } from "../../packages/core/src/events.ts";
import type { BareRows } from "./rows.ts";

/** One framework, with routes by hand and with Outhook's. Both listen on a free port and return it. */
export type Contender = {
  readonly bare: (rows: BareRows) => Promise<number>;
  readonly outhook: (outhook: Outhook<AnyEvents, never>) => Promise<number>;
};

/** As quick as authentication can be: the token names the tenant. */
export function principalOf(authorization: string | undefined): Principal | null {
  const [scheme, tenant = ""] = authorization?.split(" ") ?? [];
  return scheme === "Bearer" && tenant !== "" ? { tenant, can: "manage" } : null;
}
