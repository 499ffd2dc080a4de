import type { DeliveryStore, FanOut } from "@outhook/core";
import type { Match } from "./message-statements.ts";
import { matches, messageKeys } from "./message-statements.ts";
import type { Statements } from "./statements.ts";
import type { SwiftSession } from "./transactions.ts";

/** Creates the deliveries of those messages that still wait for fan-out. */
export async function fanOut(
  session: SwiftSession,
  statements: Statements,
  {
    messages,
    leaseMs,
    now,
  }: { readonly messages: readonly FanOut[]; readonly leaseMs: number; readonly now: number | null },
): Promise<Awaited<ReturnType<DeliveryStore["fanOut"]>>> {
  // The first of each: a batch may name a message twice.
  const distinct = [...new Map(messages.toReversed().map((message) => [message.messageId, message])).values()];
  const rows = await session.last(statements.fanOut, [
    ...messageKeys.values(distinct.map(({ partition, messageId }) => ({ partition, id: messageId }))),
    ...matches.values(distinct.flatMap(matchesOf)),
    now,
    leaseMs,
  ]);
  const created = rows.flatMap(({ id, leased }) => (id === null ? [] : [{ id, leased }]));
  return {
    taken: rows[0]?.taken ?? 0,
    created: created.length,
    leased: new Set(created.filter(({ leased }) => leased).map(({ id }) => id)),
  };
}

function matchesOf({ partition, messageId, tenant, type, deliveries }: FanOut): readonly Match[] {
  return deliveries.map(({ id, endpointId, status, lease }) => ({
    partition,
    messageId,
    tenant,
    type,
    id,
    endpointId,
    status,
    lease: lease ? 1 : 0,
  }));
}
