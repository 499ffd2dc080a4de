import type { AnyEvents, Outhook } from "@outhook/core";
import { createOuthook, schedules } from "@outhook/core";
import type { Principal } from "@outhook/core/http";
import type { IncomingMessage } from "node:http";
import { bearerToken } from "../bearer-token.ts";
import type { Host } from "../host.ts";

/** What InstaVM's receivers see. Its event types are not known: any that is well-formed may be sent. */
export function createInstaVm<Tx>(host: Host<Tx>): Outhook<AnyEvents, Tx> {
  return createOuthook({
    ...host,
    wire: { idPrefixes: { endpoint: "" } },
    // Seven retries, of which an endpoint's `max_retries` takes the first.
    retry: { scheduleSeconds: schedules.svix },
  });
}

/** The tenant is InstaVM's `user_id`. */
const user: Principal = { tenant: "7", can: "manage" };

export function authenticateInstaVm(request: IncomingMessage): Principal | null {
  const { "x-api-key": key } = request.headers;
  return key === "instavm_sk_demo" || bearerToken(request) === "instavm_demo" ? user : null;
}
