import type { Outhook } from "@outhook/core";
import { createOuthook } from "@outhook/core";
import type { Principal } from "@outhook/core/http";
import type { IncomingMessage } from "node:http";
import type { Host } from "../host.ts";
import { events } from "./events.ts";

/** What InkLink's receivers see. */
export function createInkLink<Tx>(host: Host<Tx>): Outhook<typeof events, Tx> {
  return createOuthook({
    ...host,
    events,
    wire: { idPrefixes: { endpoint: "wh_end_", message: "wh_evt_" }, userAgent: "InkLink-Webhooks/1.0" },
  });
}

/** A member of the organization may look; owners and admins may also change. */
const keys = new Map<unknown, Principal>([
  ["secret_live_demo", { tenant: "org_demo", can: "manage" }],
  ["secret_live_member", { tenant: "org_demo", can: "view" }],
]);

export function authenticateInkLink({ headers }: IncomingMessage): Principal | null {
  return keys.get(headers["api-key"]) ?? null;
}
