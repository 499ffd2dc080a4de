import Database from "better-sqlite3";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import { randomOf } from "../postgres/faults.ts";
import { openOuthook } from "./outhook.ts";
import type { Child } from "./processes.ts";
import { startChild, withDatabase } from "./processes.ts";

/** How many sends of `sender-process.ts` are open at once. */
const atOnce = 3;

/** Kills a process that sends so many times, at random moments, and holds what is stored against what it was promised. */
export async function expectKeepsPromises({ kills }: { readonly kills: number }): Promise<void> {
  const seed = Number(process.env["OUTHOOK_TEST_SEED"] ?? Date.now() % 2 ** 32);
  console.log(`OUTHOOK_TEST_SEED=${seed}`);
  const random = randomOf(seed);
  await withDatabase(async (path) => {
    const outhook = openOuthook(path);
    await outhook.migrate();
    await outhook.close();
    const senders: Child[] = [];
    const accepted = (): readonly string[] => senders.flatMap(({ lines }) => lines);
    for (let kill = 0; kill < kills; kill += 1) {
      const sender = startChild("sender-process.ts", [path]);
      senders.push(sender);
      await sender.printed(30);
      // Every other one as soon as a message is accepted, since that is the moment of the promise.
      if (kill % 2 === 1) await pause(random() * 150);
      await sender.kill();
    }

    const db = new Database(path);
    const stored = new Set(db.prepare<[], string>("select id from outhook_messages").pluck().all());
    expect(db.pragma("integrity_check", { simple: true })).toBe("ok");
    db.close();
    // The others were committed when nobody could be told any more.
    await expect.poll(() => stored.size - accepted().length).toBeLessThanOrEqual(kills * atOnce);
    console.log(`${accepted().length} accepted, ${stored.size} stored after ${kills} kills`);
    expect(accepted().filter((id) => !stored.has(id))).toEqual([]);
  });
}
