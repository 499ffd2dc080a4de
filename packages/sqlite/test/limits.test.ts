import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { databaseFile, openStore } from "./fixtures/database-file.ts";
import { everywhere, leaseMs, matched, message } from "./fixtures/rows.ts";

describe("large bodies", () => {
  const body = "x".repeat(600_000);

  it("are read a few at a time, and all in the end", async () => {
    const store = await openStore({ path: await databaseFile() });
    for (let n = 0; n < 10; n += 1) await store.messages.insert({ messages: [message(n, { body, tenant: n })] });
    const found: string[] = [];
    for (;;) {
      const waiting = await store.messages.awaitingFanOut({ partitions: everywhere, limit: 100 });
      if (waiting.length === 0) break;
      expect(waiting.length).toBeLessThanOrEqual(4);
      found.push(...waiting.map(({ id }) => id));
      await store.deliveries.fanOut({ messages: waiting.map((one) => matched(one)), leaseMs });
    }
    expect(new Set(found).size).toBe(10);
  });

  it("are claimed a few at a time: what was not returned is not leased", async () => {
    const store = await openStore({ path: await databaseFile() });
    const messages = Array.from({ length: 10 }, (_, n) => message(n, { body, tenant: n % 2 }));
    for (const one of messages) await store.messages.insert({ messages: [one] });
    await store.deliveries.fanOut({ messages: messages.map((one) => matched(one)), leaseMs });
    const claims: string[] = [];
    for (let call = 0; call < 3; call += 1) {
      const some = await store.deliveries.claim({
        partitions: everywhere,
        limit: 100,
        perEndpoint: 100,
        room: new Map(),
        leaseMs,
      });
      expect(some.length).toBeLessThanOrEqual(4);
      claims.push(...some.map(({ deliveryId }) => deliveryId));
    }
    expect(new Set(claims).size).toBe(10);
  });
});

describe.skipIf(process.platform === "win32")("a disk that takes no more", () => {
  it("ends in an error that says so, with nothing accepted lost and no half of a message kept", async () => {
    const path = await databaseFile();
    const script = join(import.meta.dirname, "fixtures", "filling-process.ts");
    // A limit on the size of any file, in blocks of 512 or 1,024 bytes, is the disk that a test can fill.
    const command = 'ulimit -f 1500; exec "$0" "$@"';
    const { stdout } = await promisify(execFile)("sh", ["-c", command, process.execPath, script, path]);
    const { accepted, code, message: words } = JSON.parse(stdout);
    expect(code).toBe("store_unavailable");
    expect(words).toMatch(/the disk (?:refused|, or)/);

    const store = await openStore({ path });
    const waiting = await store.messages.awaitingFanOut({ partitions: everywhere, limit: 100_000 });
    expect(accepted).toBeGreaterThan(20);
    expect(waiting).toHaveLength(accepted);
    expect(await store.messages.insert({ messages: [message(accepted)] })).toEqual([{ outcome: "inserted" }]);
  });
});
