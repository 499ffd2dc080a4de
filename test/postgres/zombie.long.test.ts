import { describe, expect, it } from "vitest";
import { readRow, useServer } from "./database.ts";
import { leaseMs } from "./outhook.ts";
import { expectRefused } from "./zombie.ts";

const newDatabase = useServer();
const now = "select floor(extract(epoch from clock_timestamp()) * 1000)::float8 as now";

describe("a dispatcher that was frozen until ten seconds after its leases were over", { timeout: 120_000 }, () => {
  it("cannot settle over the one that took them, whether that has settled or not", async () => {
    const url = await newDatabase();
    await expectRefused({
      url,
      dispatcher: { leaseMs, maxTimeoutSeconds: 1 },
      outlive: async (leasedUntil) => {
        await expect
          .poll(async () => Number((await readRow(url, now))["now"]), { timeout: 60_000, interval: 200 })
          .toBeGreaterThan(leasedUntil + 10_000);
      },
      // By its own clock the receiver did not answer in time.
      wanted: "pending",
    });
  });
});
