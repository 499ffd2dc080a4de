import { allPartitions, defaultPartitions } from "@outhook/core";
import type { Receiver } from "@outhook/testkit";
import { startReceiver } from "@outhook/testkit";
import { expect, onTestFinished } from "vitest";
import { readRows } from "./database.ts";
import { openOuthook } from "./outhook.ts";
import type { DispatcherProcess } from "./processes.ts";
import { startDispatcher } from "./processes.ts";
import type { Watched } from "./watched-store.ts";
import { lastOwned } from "./watched-store.ts";

/** Several dispatchers on one database, one receiver, and tenants with one endpoint each. */
export type Fleet = {
  readonly dispatchers: readonly DispatcherProcess[];
  readonly receiver: Receiver;
  /** Sends so many messages, to these tenants in turn, and resolves when they are accepted. */
  readonly send: (count: number, tenants?: readonly string[]) => Promise<void>;
};

const tenantCount = 200;
export const everyPartition: readonly number[] = allPartitions(defaultPartitions);
export const tenants: readonly string[] = Array.from({ length: tenantCount }, (_, n) => `tenant-${n}`);

/** A loaded machine is not a fault here, so nothing is cut short. */
const patient = { leaseMs: 90_000, maxTimeoutSeconds: 60, concurrency: 64 };

/** Starts so many dispatchers, which all end with the test. Resolves when each knows of the others, unless each is alone. */
export async function startFleet({
  url,
  size,
  watched,
}: {
  readonly url: string;
  readonly size: number;
  readonly watched: Watched;
}): Promise<Fleet> {
  const outhook = openOuthook(url, { dispatcher: patient });
  onTestFinished(() => outhook.close());
  const receiver = await startReceiver();
  onTestFinished(() => receiver.close());
  await outhook.migrate();
  const endpoint = { url: receiver.url(), timeoutSeconds: 60 };
  await Promise.all(tenants.map((tenant) => outhook.tenant(tenant).endpoints.create(endpoint)));

  const dispatchers = Array.from({ length: size }, (_, n) => {
    const dispatcher = startDispatcher(url, { name: `dispatcher ${n}`, dispatcher: patient, watched });
    onTestFinished(() => dispatcher.kill());
    return dispatcher;
  });
  await Promise.all(dispatchers.map(({ started }) => started));
  const everyOne = watched === "alone" ? dispatchers.flatMap(() => everyPartition) : everyPartition;
  await expect
    .poll(() => ({ owners: dispatchers.filter(isOwner).length, owned: owned(dispatchers) }), { timeout: 30_000 })
    .toEqual({ owners: size, owned: inOrder(everyOne) });

  const send: Fleet["send"] = async (count, to = tenants) => {
    for (let sent = 0; sent < count;) {
      const batch = Array.from({ length: Math.min(count - sent, 500) }, (_, index) => sent + index);
      await Promise.all(batch.map((n) => outhook.tenant(to[n % to.length] ?? "none").send("loan.active", { n })));
      sent += batch.length;
    }
  };
  return { dispatchers, receiver, send };
}

function isOwner({ errors }: DispatcherProcess): boolean {
  return (lastOwned(errors)?.owned ?? []).length > 0;
}

/** What these own by their last words, as often as there are owners. */
export function owned(dispatchers: readonly DispatcherProcess[]): readonly number[] {
  return inOrder(dispatchers.flatMap(({ errors }) => lastOwned(errors)?.owned ?? []));
}

function inOrder(partitions: readonly number[]): readonly number[] {
  return partitions.toSorted((a, b) => a - b);
}

/** Waits until nothing is pending, ends the dispatchers, and finds one attempt and one request for each of so many messages. */
export async function expectOneEach(
  { url, messages }: { readonly url: string; readonly messages: number },
  { receiver, dispatchers }: Fleet,
): Promise<void> {
  const deliveries = "select status, count(*)::integer as count from outhook_deliveries group by status";
  const all = [{ status: "succeeded", count: messages }];
  await expect.poll(() => readRows(url, deliveries), { timeout: 300_000, interval: 200 }).toEqual(all);
  for (const dispatcher of dispatchers) await dispatcher.end();

  // One request more would have come from an open claim, which a dispatcher sees through before it ends.
  expect(await readRows(url, deliveries)).toEqual(all);
  const attempts =
    "select status_code, error, count(*)::integer as count from outhook_attempts group by status_code, error";
  expect(await readRows(url, attempts)).toEqual([{ status_code: 200, error: null, count: messages }]);
  const ids = new Set(receiver.requests.map(({ headers }) => headers["webhook-id"]));
  expect({ received: receiver.requests.length, distinct: ids.size }).toEqual({
    received: messages,
    distinct: messages,
  });
}

/** How many requests each process made, by its name. */
export function sharesOf({ requests }: Receiver): Readonly<Record<string, number>> {
  const shares: Record<string, number> = {};
  for (const { headers } of requests) {
    const name = headers["user-agent"] ?? "none";
    shares[name] = (shares[name] ?? 0) + 1;
  }
  return shares;
}
