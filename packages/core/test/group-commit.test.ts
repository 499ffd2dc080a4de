import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createGroupCommit } from "../src/group-commit.ts";
import type { InsertOutcome, NewMessage } from "../src/store/messages.ts";

function message(id: string, body = "{}"): NewMessage {
  return { id, partition: 0, tenant: "t", type: "a", body, createdAt: 0, idempotencyKey: null, payloadHash: null };
}

const inserted: InsertOutcome = { outcome: "inserted" };
const ids = (count: number): readonly string[] => Array.from({ length: count }, (_, n) => `m${n}`);

describe("group commit", () => {
  it("writes what one turn of the event loop sends as one batch, and what comes meanwhile as the next", async () => {
    const batches: number[] = [];
    const commit = createGroupCommit(async (messages) => {
      batches.push(messages.length);
      await new Promise((resolve) => setImmediate(resolve));
      return messages.map(() => inserted);
    });
    const first = Promise.all(ids(10).map((id) => commit.add(message(id))));
    await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([first, ...ids(5).map((id) => commit.add(message(id)))]);
    expect(batches).toEqual([10, 5]);
  });

  it("gives each caller the outcome of its own message, in batches of bounded rows and bytes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 700_000 }), { maxLength: 600 }), async (lengths) => {
        const commit = createGroupCommit(async (messages) => {
          const length = messages.reduce((sum, { body }) => sum + body.length, 0);
          expect(messages.length).toBeLessThanOrEqual(96);
          if (messages.length > 1) expect(length).toBeLessThanOrEqual(1024 * 1024);
          return messages.map(({ id }) => ({ outcome: "duplicate", id }));
        });
        const bodies = lengths.map((length) => "x".repeat(length));
        const outcomes = await Promise.all(bodies.map((body, n) => commit.add(message(`m${n}`, body))));
        expect(outcomes).toEqual(bodies.map((_, n) => ({ outcome: "duplicate", id: `m${n}` })));
      }),
      { numRuns: 20 },
    );
  });

  it("rejects the callers of a batch that failed, and goes on with the next", async () => {
    let fail = true;
    const commit = createGroupCommit(async (messages) => {
      if (fail) throw new Error("disk full");
      return messages.map(() => inserted);
    });
    const outcomes = await Promise.allSettled([commit.add(message("a")), commit.add(message("b"))]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    fail = false;
    await expect(commit.add(message("c"))).resolves.toEqual(inserted);
  });

  it("rejects rather than hangs when the store forgets an answer", async () => {
    const commit = createGroupCommit(async () => []);
    await expect(commit.add(message("a"))).rejects.toThrow("fewer messages");
  });
});
