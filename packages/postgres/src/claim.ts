import type { Claim, DeliveryStore } from "@outhook/core";
import { lostError } from "@outhook/core/for-stores";
import { readyRows, room as roomRows } from "./claim-statements.ts";
import type { Session } from "./session.ts";
import type { Statements } from "./statements.ts";

type ClaimInput = Parameters<DeliveryStore["claim"]>[0];

/** Bytes of bodies that one claim takes. */
const maxBodyBytes = 4 * 1024 * 1024;

/** Queue rows that one look takes, at least: many may have nothing left, and a look costs several round trips. */
const rowsPerLook = 64;

/**
 * Leases due deliveries, endpoints in turn. `null` when the rows it looked at had nothing, but others may: what is finished
 * does not tell its queue row.
 */
export async function claim(
  session: Session,
  statements: Statements,
  { input, now }: { readonly input: Omit<ClaimInput, "now">; readonly now: number },
): Promise<readonly Claim[] | null> {
  const { partitions, limit, perEndpoint, room, leaseMs } = input;
  const rooms = [...room].map(([endpointId, most]) => ({ endpointId, most }));
  const size = Math.max(limit, rowsPerLook);
  const ready = await session.all(statements.ready, [
    partitions,
    now,
    fullOf(room),
    size,
    perEndpoint,
    ...roomRows.values(rooms),
  ]);
  if (ready.length === 0) return [];
  const claims = await session.all(statements.lease, [
    ...readyRows.values(ready),
    ...roomRows.values(rooms),
    limit,
    maxBodyBytes,
    now,
    now + leaseMs,
    lostError,
    perEndpoint,
  ]);
  return claims.length === 0 && ready.length === size ? null : claims;
}

/** The endpoints that have no room at all. */
export function fullOf(room: ClaimInput["room"]): readonly string[] {
  return [...room].filter(([, most]) => most <= 0).map(([endpointId]) => endpointId);
}
