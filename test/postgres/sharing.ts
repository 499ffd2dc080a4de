import { defaultPartitions, partitionOf } from "@outhook/core";
import { expect } from "vitest";
import { runOn } from "../../packages/postgres/test/fixtures/database.ts";
import { everyPartition, expectOneEach, owned, sharesOf, tenants, startFleet } from "./fleet.ts";
import { lastOwned } from "./watched-store.ts";

/** Without a fault each message is delivered once, and each of so many processes delivers at least a tenth of all. */
export async function expectShares(url: string, size: number, messages: number): Promise<void> {
  const fleet = await startFleet({ url, size, watched: "told" });
  await fleet.send(messages);
  await expectOneEach({ url, messages }, fleet);
  const shares = sharesOf(fleet.receiver);
  console.log(`${messages} messages by ${size} dispatchers: ${Object.values(shares).join(", ")}`);
  expect(Object.keys(shares)).toHaveLength(size);
  for (const share of Object.values(shares)) expect(share).toBeGreaterThanOrEqual(messages / 10);
}

/** How long a dispatcher counts as alive after a heartbeat. */
const heartbeatTtlMs = 8_000;
/** The others look every 2 s; and a loaded machine needs a moment. */
const noticedMs = 2_000 + 1_500;

/**
 * Kills one of three processes. The others deliver at once what falls into its partitions, and own them when its heartbeat has
 * lapsed: after its time to live, or `at once`, so that nobody has to wait for that.
 */
export async function expectTakeover(
  url: string,
  { lapses }: { readonly lapses: "at once" | "in its time" },
): Promise<void> {
  const fleet = await startFleet({ url, size: 3, watched: "told" });
  const [victim, ...others] = fleet.dispatchers;
  const before = victim && lastOwned(victim.errors);
  if (before === undefined) throw new Error("there is no victim");
  const orphans = tenants.filter((tenant) =>
    before.owned.includes(partitionOf(tenant, "", { partitions: defaultPartitions, spread: {} })),
  );
  await victim?.kill();
  const killedAt = Date.now();

  await fleet.send(100, orphans);
  await fleet.receiver.waitFor(100, { timeoutMs: 10_000 });
  const deliveredAt = Date.now();
  if (lapses === "at once") {
    await runOn(url, `update outhook.outhook_dispatchers set expires_at = 0 where id = '${before.id}'`);
  }
  const lapsedAt = lapses === "at once" ? Date.now() : killedAt + heartbeatTtlMs;
  await expect.poll(() => owned(others), { timeout: 2 * heartbeatTtlMs }).toEqual(everyPartition);
  const ownedAt = Math.max(...others.map(({ errors }) => lastOwned(errors)?.at ?? Infinity));
  console.log(
    `${before.owned.length} partitions of one that was killed: their messages were delivered after ` +
      `${deliveredAt - killedAt} ms, and they were others' after ${ownedAt - killedAt} ms`,
  );
  expect(ownedAt).toBeLessThan(lapsedAt + noticedMs);
  await expectOneEach({ url, messages: 100 }, { ...fleet, dispatchers: others });
}
