import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, it } from "vitest";
import { shortestLease } from "./app.ts";
import { expectOvertaken } from "./overtaking.ts";
import { newFile } from "./stored.ts";

/** The shortest lease, and a half of it. */
const stillMs = 16_500;

describe("a dispatcher on SQLite that really stood still for one and a half leases", { timeout: 120_000 }, () => {
  it("as its process was frozen, cannot settle over the one that took them", async () => {
    await expectOvertaken({
      dispatcher: shortestLease,
      halt: async (app) => app.signal("SIGSTOP"),
      outlive: () => pause(stillMs),
      resume: async (app) => app.signal("SIGCONT"),
    });
  });

  it("as something kept its event loop busy, cannot settle over the one that took them", async () => {
    const until = join(dirname(await newFile()), "go on");
    await expectOvertaken({
      dispatcher: shortestLease,
      halt: (app) => app.stall(until),
      outlive: () => pause(stillMs),
      resume: () => writeFile(until, ""),
    });
  });
});
