import type { OuthookOptions, Store } from "@outhook/core";
import { createOuthook, memoryStore } from "@outhook/core";
import { describe, expect, it } from "vitest";

const silent = { warn: () => undefined, error: () => undefined };
const base = { secretKeys: "plaintext", logger: silent } as const;

describe("sends beyond limits.waitingSends", () => {
  it("are refused with nothing written, those in a transaction never, and work again when there is room", async () => {
    const memory = memoryStore();
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    const inserted: string[] = [];
    // As a store that joins any transaction, while its own connection is slow.
    const insert: Store<object>["messages"]["insert"] = async ({ messages, tx }) => {
      if (tx === undefined) await opened;
      inserted.push(...messages.map(({ body }) => body));
      return await memory.messages.insert({ messages });
    };
    const outhook = createOuthook({
      ...base,
      store: { ...memory, messages: { ...memory.messages, insert } },
      limits: { waitingSends: 2 },
    });
    await outhook.migrate();
    const acme = outhook.tenant("acme");
    const waiting = [1, 2].map((n) => acme.send("loan.active", { n }));
    await expect(acme.send("loan.active", { n: 3 })).rejects.toMatchObject({ code: "backpressure" });
    const joined = await acme.send("loan.active", { n: 4 }, { tx: {} });
    open();
    const accepted = [joined, ...(await Promise.all(waiting)), await acme.send("loan.active", { n: 5 })];
    expect(inserted.map((body) => JSON.parse(body).data.n)).toEqual([4, 1, 2, 5]);
    expect(new Set(accepted.map(({ id }) => id)).size).toBe(4);
  });

  it.each<{ limits: NonNullable<OuthookOptions<never, never>["limits"]> }>([
    { limits: { waitingSends: 0 } },
    { limits: { waitingSends: 1_000_001 } },
    { limits: { waitingSends: 1.5 } },
  ])("cannot be set to $limits.waitingSends", ({ limits }) => {
    expect(() => createOuthook({ ...base, store: memoryStore(), limits })).toThrow(
      /^limits\.waitingSends is .*; it must be a whole number from 1 to 1000000$/,
    );
  });
});
