import type { Principal } from "../../packages/core/src/http/index.ts";
import type { Outhook } from "../../packages/core/src/outhook.ts";
import type { AnyEvents } from "../../packages/core/src/events.ts";
import type { BareRows } from "./rows.ts";

/** One framework, with routes by hand and with Outhook's. Both listen on a free port and return it. */
export type Contender = {
  readonly bare: (rows: BareRows) => Promise<number>;
  readonly outhook: (outhook: Outhook<AnyEvents, never>) => Promise<number>;
};

const principals = new Map<string, Principal>([["Bearer token", { tenant: "acme", can: "manage" }]]);

/** As quick as authentication can be. */
export function principalOf(authorization: string | undefined): Principal | null {
  return principals.get(authorization ?? "") ?? null;
}
