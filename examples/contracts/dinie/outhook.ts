import type { Outhook } from "@outhook/core";
import { createOuthook } from "@outhook/core";
import type { Principal } from "@outhook/core/http";
import type { IncomingMessage } from "node:http";
import { bearerToken } from "../bearer-token.ts";
import type { Host } from "../host.ts";
import { events } from "./events.ts";

/** What Dinie's receivers see, and when it tries again. */
export function createDinie<Tx>(host: Host<Tx>): Outhook<typeof events, Tx> {
  return createOuthook({
    ...host,
    events,
    wire: { idPrefixes: { endpoint: "we_", message: "evt_" } },
    // 1 min, 5 min, 15 min, 1 h, 6 h.
    retry: { scheduleSeconds: [60, 300, 900, 3_600, 21_600] },
  });
}

const partners = new Map<string | undefined, Principal>([
  ["dinie_at_demo", { tenant: "partner_demo", can: "manage" }],
  ["dinie_at_other", { tenant: "partner_other", can: "manage" }],
]);

export function authenticateDinie(request: IncomingMessage): Principal | null {
  return partners.get(bearerToken(request)) ?? null;
}
