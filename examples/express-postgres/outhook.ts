import type { AnyEvents, Outhook } from "@outhook/core";
import { createOuthook, defineEvents } from "@outhook/core";
import type { PostgresTransaction } from "@outhook/postgres";
import { postgresStore } from "@outhook/postgres";
import type { Pool } from "pg";
import { z } from "zod";

const { OUTHOOK_ALLOW, OUTHOOK_KEY } = process.env;

const order = z.object({ id: z.string(), amount: z.int().positive() });
const events: AnyEvents = defineEvents({ "order.created": order, "order.paid": order });

/** The same in every process: those that serve and those that deliver. */
export function openOuthook(pool: Pool): Outhook<AnyEvents, PostgresTransaction> {
  return createOuthook({
    store: postgresStore({ pool }),
    events,
    // The key that encrypts signing secrets in the database: openssl rand -base64 32.
    secretKeys: OUTHOOK_KEY ? { current: "k1", keys: { k1: OUTHOOK_KEY } } : "plaintext",
    // Opens a receiver on your own machine, and plain HTTP with it: for trying it out, not for production.
    network: OUTHOOK_ALLOW ? { allow: OUTHOOK_ALLOW.split(/\s*,\s*/), allowHttp: true } : {},
  });
}
