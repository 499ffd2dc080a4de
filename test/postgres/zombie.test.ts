import { describe, it } from "vitest";
import { runOn } from "../../packages/postgres/test/fixtures/database.ts";
import { useServer } from "./database.ts";
import { expectRefused } from "./zombie.ts";

const newDatabase = useServer();
const leaseMs = 90_000;

/** As if so much time had passed. */
const passed = `set search_path = outhook;
update outhook_deliveries set due_at = due_at - ${leaseMs}, leased_at = leased_at - ${leaseMs} where leased_at is not null;
update outhook_queue set next_due_at = next_due_at - ${leaseMs}, ready_at = ready_at - ${leaseMs}`;

describe("a dispatcher that was frozen until its leases were over", { timeout: 60_000 }, () => {
  it("cannot settle over the one that took them, whether that has settled or not", async () => {
    const url = await newDatabase();
    await expectRefused({
      url,
      dispatcher: { leaseMs, maxTimeoutSeconds: 60 },
      outlive: async () => {
        await runOn(url, passed);
      },
      // It has the 410 that came while it was frozen.
      wanted: "failed",
    });
  });
});
