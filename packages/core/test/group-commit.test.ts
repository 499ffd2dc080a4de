import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { GroupCommit } from "../src/group-commit.ts";
import { createGroupCommit } from "../src/group-commit.ts";
import { OuthookError } from "../src/errors.ts";
import type { InsertOutcome, NewMessage } from "../src/store/messages.ts";

function message(id: string, body = "{}"): NewMessage {
  return { id, partition: 0, tenant: "t", type: "a", body, createdAt: 0, idempotencyKey: null, payloadHash: null };
}

type Insert = Parameters<typeof createGroupCommit>[0];
const commitOf = (insert: Insert, options: { maxWaiting?: number; monotonic?: () => number } = {}): GroupCommit =>
  createGroupCommit(insert, { maxWaiting: 10_000, monotonic: () => 0, ...options });

const inserted: InsertOutcome = { outcome: "inserted" };
const ids = (count: number): readonly string[] => Array.from({ length: count }, (_, n) => `m${n}`);

describe("group commit", () => {
  it("writes what one turn of the event loop sends as one batch, and what comes meanwhile as the next", async () => {
    const batches: number[] = [];
    const commit = commitOf(async (messages) => {
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
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 700_000 }), { maxLength: 90 }), async (lengths) => {
        const commit = commitOf(async (messages) => {
          const length = messages.reduce((sum, { body }) => sum + body.length, 0);
          expect(messages.length).toBeLessThanOrEqual(256);
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
    const commit = commitOf(async (messages) => {
      if (fail) throw new Error("disk full");
      return messages.map(() => inserted);
    });
    const outcomes = await Promise.allSettled([commit.add(message("a")), commit.add(message("b"))]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    fail = false;
    await expect(commit.add(message("c"))).resolves.toEqual(inserted);
  });

  it("rejects rather than hangs when the store forgets an answer", async () => {
    const commit = commitOf(async () => []);
    await expect(commit.add(message("a"))).rejects.toThrow("fewer messages");
  });
});

function refusals(results: readonly PromiseSettledResult<unknown>[]): readonly unknown[] {
  return results.filter((one) => one.status === "rejected" && one.reason instanceof OuthookError);
}

describe("sends that wait for their commit", () => {
  /** Inserts that answer when they are told to, all of them from then on. */
  const slow = () => {
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    const written: string[] = [];
    const insert: Insert = async (messages) => {
      await opened;
      written.push(...messages.map(({ id }) => id));
      return messages.map(() => inserted);
    };
    return { insert, written, open: () => open() };
  };

  it("are refused beyond the most that may wait, what is being written included, and nothing of them is written", async () => {
    const { insert, written, open } = slow();
    const commit = commitOf(insert, { maxWaiting: 100 });
    const accepted = ids(97).map((id) => commit.add(message(id)));
    await new Promise((resolve) => setImmediate(resolve));
    accepted.push(...["a", "b", "c"].map((id) => commit.add(message(id))));
    await expect(commit.add(message("refused"))).rejects.toMatchObject({
      code: "backpressure",
      detail: expect.stringMatching(/^100 sends, the most allowed, .* nothing of this one was written/),
      hint: expect.stringContaining("limits.waitingSends"),
    });
    open();
    await Promise.all(accepted);
    expect(written).toEqual([...ids(97), "a", "b", "c"]);
  });

  it("make room for the next as soon as they are durable or have failed", async () => {
    let fail = false;
    const commit = commitOf(
      async (messages) => {
        if (fail) throw new Error("disk full");
        return messages.map(() => inserted);
      },
      { maxWaiting: 3 },
    );
    for (let round = 0; round < 5; round += 1) {
      fail = round % 2 === 1;
      // Each sends again in the moment in which it has its answer.
      const sendTwice = async (id: string): Promise<void> => {
        await commit.add(message(id)).catch(() => undefined);
        await commit.add(message(id));
      };
      const results = await Promise.allSettled(ids(3).map(sendTwice));
      expect(refusals(results)).toEqual([]);
    }
    await expect(Promise.all(ids(3).map((id) => commit.add(message(id))))).resolves.toHaveLength(3);
  });

  it("are refused also when their bodies are too much to hold, but for one alone", async () => {
    const { insert, open } = slow();
    const commit = commitOf(insert);
    const body = "x".repeat(32 * 1024 * 1024);
    const accepted = [commit.add(message("a", `${body}${body}x`))];
    await expect(commit.add(message("b"))).rejects.toMatchObject({
      code: "backpressure",
      detail: expect.stringMatching(/^sends with bodies of 64 MiB/),
    });
    open();
    await Promise.all(accepted);
    await expect(Promise.all([body, body].map((half, n) => commit.add(message(`m${n}`, half))))).resolves.toHaveLength(
      2,
    );
  });

  it("are refused together when a commit fails for which they have waited for 5 s, and not those that came later", async () => {
    let now = 0;
    let calls = 0;
    const away = new OuthookError("store_unavailable", "the database did not answer within 20000 ms");
    const commit = commitOf(
      async (messages) => {
        calls += 1;
        if (calls > 1) return messages.map(() => inserted);
        await new Promise((resolve) => setImmediate(resolve));
        late = commit.add(message("late"));
        now = 20_000;
        throw away;
      },
      { monotonic: () => now },
    );
    let late: Promise<InsertOutcome> | null = null;
    const early = ids(257).map((id) => commit.add(message(id)));
    now = 15_001;
    const results = await Promise.allSettled(early);
    expect(results.slice(0, 256)).toEqual(Array.from({ length: 256 }, () => ({ status: "rejected", reason: away })));
    expect(results[256]).toMatchObject({
      reason: {
        code: "store_unavailable",
        detail: "this send waited 20000 ms behind others that could not be written; nothing of it was written",
        hint: away.message,
      },
    });
    await expect(late).resolves.toEqual(inserted);
    expect(calls).toBe(2);
  });
});

describe("sends whose idempotency key a transaction of the host holds", () => {
  const held = new OuthookError("store_busy", "another transaction has held a lock for too long");
  const keyed = (id: string, key = id): NewMessage => ({ ...message(id), idempotencyKey: key, payloadHash: "h" });
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  /** Inserts that meet held keys: at once when they are to wait shortly, else when the keys are let go or given up. */
  const store = (...heldKeys: readonly string[]) => {
    let end = (_outcome: InsertOutcome | OuthookError): void => undefined;
    const ended = new Promise<InsertOutcome | OuthookError>((resolve) => (end = resolve));
    const written: string[] = [];
    const waitingFor: (readonly string[])[] = [];
    const insert: Insert = async (messages, { keyWaitMs }) => {
      const holds = (one: NewMessage): boolean => one.idempotencyKey !== null && heldKeys.includes(one.idempotencyKey);
      let outcome: InsertOutcome | OuthookError = inserted;
      if (messages.some(holds)) {
        if (keyWaitMs !== undefined) throw held;
        waitingFor.push(messages.map(({ id }) => id));
        outcome = await ended;
      }
      if (outcome instanceof OuthookError) throw outcome;
      written.push(...messages.map(({ id }) => id));
      return messages.map((one) => (holds(one) ? outcome : inserted));
    };
    return { insert, written, waitingFor, end: (outcome: InsertOutcome | OuthookError) => end(outcome) };
  };

  it("keep neither those without a key waiting nor those with another, before or after them", async () => {
    const { insert, written, end } = store("held");
    const commit = commitOf(insert);
    const stuck = commit.add(keyed("stuck", "held"));
    const others = ["a", "b"].flatMap((id) => [commit.add(keyed(id)), commit.add(message(`${id}, no key`))]);
    await expect(Promise.all(others)).resolves.toHaveLength(4);
    await expect(Promise.all([keyed("c"), message("d")].map((one) => commit.add(one)))).resolves.toHaveLength(2);
    end({ outcome: "duplicate", id: "first" });
    expect(await stuck).toEqual({ outcome: "duplicate", id: "first" });
    expect(written.toSorted()).toEqual(["a", "a, no key", "b", "b, no key", "c", "d", "stuck"]);
  });

  it("fail alone, each with what its own insert threw", async () => {
    const { insert, written, end } = store("held");
    const commit = commitOf(insert);
    const results = Promise.allSettled([...ids(20).map((id) => commit.add(keyed(id))), commit.add(keyed("x", "held"))]);
    await settled();
    end(held);
    expect((await results).map(({ status }) => status)).toEqual([...ids(20).map(() => "fulfilled"), "rejected"]);
    expect(written).toHaveLength(20);
  });

  it("wait on one connection for each key, however many they are, and on four for all", async () => {
    const { insert, waitingFor, end } = store("k0", "k1", "k2", "k3", "k4");
    const commit = commitOf(insert);
    const twice = (n: number) => [1, 2].map((copy) => commit.add(keyed(`m${n}.${copy}`, `k${n}`)));
    const sends = [0, 1, 2].flatMap(twice);
    await expect.poll(() => waitingFor.length).toBe(3);
    sends.push(commit.add(keyed("late", "k0")));
    for (let turn = 0; turn < 5; turn += 1) await settled();
    sends.push(...[3, 4].flatMap(twice));
    for (let turn = 0; turn < 5; turn += 1) await settled();
    expect(waitingFor).toEqual([0, 1, 2, 3].map((n) => [`m${n}.1`, `m${n}.2`]));
    end(inserted);
    await Promise.all(sends);
    expect(new Set(waitingFor.slice(4))).toEqual(new Set([["late"], ["m4.1", "m4.2"]]));
  });

  it("count among those that wait, until they are written", async () => {
    const { insert, end } = store("held");
    const commit = commitOf(insert, { maxWaiting: 2 });
    const stuck = commit.add(keyed("stuck", "held"));
    await settled();
    for (const id of ["a", "b"]) await commit.add(message(id));
    const [first, second] = await Promise.allSettled([commit.add(message("c")), commit.add(message("d"))]);
    expect([first.status, second.status]).toEqual(["fulfilled", "rejected"]);
    end(inserted);
    await stuck;
    await expect(Promise.all(["e", "f"].map((id) => commit.add(message(id))))).resolves.toHaveLength(2);
  });

  it("are not tried a second time when the store was busy for long: then it is not their key", async () => {
    let now = 0;
    let calls = 0;
    const commit = commitOf(
      async () => {
        calls += 1;
        now += 2_000;
        throw held;
      },
      { monotonic: () => now },
    );
    const results = await Promise.allSettled(ids(3).map((id) => commit.add(keyed(id))));
    expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(calls).toBe(1);
  });
});
