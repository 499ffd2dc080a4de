import Database from "better-sqlite3";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { it } from "vitest";
import { expectOvertaken } from "./overtaking.ts";
import { newFile } from "./stored.ts";

const leaseMs = 90_000;

/** As if so much time had passed. */
async function outlive(database: string): Promise<void> {
  const db = new Database(database, { timeout: 5_000 });
  db.exec(`update outhook_deliveries set due_at = due_at - ${leaseMs}, leased_at = leased_at - ${leaseMs} where leased_at is not null;
    update outhook_queue set next_due_at = next_due_at - ${leaseMs}, ready_at = ready_at - ${leaseMs};`);
  db.close();
}

it(
  "a dispatcher whose event loop stood still until its leases were over cannot settle over the one that took them",
  { timeout: 60_000 },
  async () => {
    const until = join(dirname(await newFile()), "go on");
    await expectOvertaken({
      dispatcher: { leaseMs },
      halt: (app) => app.stall(until),
      outlive,
      resume: () => writeFile(until, ""),
    });
  },
);
