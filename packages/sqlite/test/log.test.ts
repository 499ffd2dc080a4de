import { describe, expect, it } from "vitest";
import { databaseFile, openStore } from "./fixtures/database-file.ts";
import { endpointId, everywhere, leaseMs, matched, message } from "./fixtures/rows.ts";

describe("the pending deliveries of an endpoint", () => {
  // Few are read by another index than many.
  it.each([{ count: 9 }, { count: 300 }])("are read newest first, page by page, of $count", async ({ count }) => {
    const store = await openStore({ path: await databaseFile() });
    const messages = Array.from({ length: count }, (_, n) => message(n));
    await store.messages.insert({ messages });
    const fanOuts = messages.map((one) => matched(one));
    await store.deliveries.fanOut({ messages: fanOuts, leaseMs });
    const found: string[] = [];
    for (;;) {
      const page = await store.log.deliveries({
        partitions: everywhere,
        tenant: "tenant-0",
        endpointId: endpointId(0),
        status: "pending",
        limit: 4,
        after: found.at(-1),
      });
      if (page.length === 0) break;
      found.push(...page.map(({ id }) => id));
    }
    const ids = fanOuts.flatMap(({ deliveries }) => deliveries.map(({ id }) => id));
    expect(found).toEqual(ids.toSorted().toReversed());
  });
});
