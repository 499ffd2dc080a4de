import type { Store } from "@outhook/core";
import { storeConformance } from "@outhook/testkit";
import { AssertionError } from "node:assert";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { postgresStore } from "../src/index.ts";
import { useDatabase } from "./fixtures/database.ts";
import { onOneSchema } from "./fixtures/one-schema.ts";

const database = useDatabase();
const schema = "mutated";
const pools: pg.Pool[] = [];
const poolOf = (number: number): pg.Pool => pools[number % pools.length] ?? new pg.Pool();
const open = (number: number): Store => postgresStore({ pool: poolOf(number), schema, lockWaitMs: 1_000 });

type Insert = Store["messages"]["insert"];

const mutants: readonly {
  readonly fault: string;
  readonly caughtBy: readonly string[];
  readonly plant: (insert: Insert) => Insert;
}[] = [
  {
    fault: "an insert runs beside the host's transaction",
    caughtBy: [
      "transaction/a short wait for a key of the host ends soon with nothing written",
      "messages/a transaction that the store cannot join is refused and nothing is written",
      "transaction/a message is there once the host commits, and not before",
      "transaction/a rollback leaves nothing, and the key is free",
      "transaction/several messages at once are all there or none",
    ],
    plant:
      (insert) =>
      ({ messages }) =>
        insert({ messages }),
  },
  {
    fault: "of several messages only the first joins the host's transaction",
    caughtBy: ["transaction/several messages at once are all there or none"],
    plant:
      (insert) =>
      async ({ messages, tx, keyWaitMs }) => {
        if (tx === undefined) return await insert({ messages, keyWaitMs });
        const first = await insert({ messages: messages.slice(0, 1), tx });
        return messages.length === 1 ? first : [...first, ...(await insert({ messages: messages.slice(1) }))];
      },
  },
  {
    fault: "a short wait for a key is as long as any",
    caughtBy: ["transaction/a short wait for a key of the host ends soon with nothing written"],
    plant:
      (insert) =>
      ({ messages, tx }) =>
        insert({ messages, tx }),
  },
  {
    fault: "a used key counts as inserted in the host's transaction",
    caughtBy: ["transaction/a key that was used is told, and the host can go on and commit"],
    plant:
      (insert) =>
      async ({ messages, tx, keyWaitMs }) => {
        const outcomes = await insert({ messages, tx, keyWaitMs });
        return tx === undefined ? outcomes : outcomes.map(() => ({ outcome: "inserted" }));
      },
  },
];

beforeAll(async () => {
  for (let n = 0; n < 2; n += 1) pools.push(new pg.Pool({ connectionString: database.url() }));
  const store = open(0);
  await store.upkeep.migrate({ identity: { environment: "conformance", partitions: 8 }, adopt: false });
  await store.close();
});
afterAll(async () => {
  for (const pool of pools) await pool.end();
});

describe("a store with one fault in joining transactions fails the cases that name it", () => {
  it.each(mutants)("$fault", async ({ caughtBy, plant }) => {
    const openFaulty = (number: number): Store => {
      const store = open(number);
      return { ...store, messages: { ...store.messages, insert: plant(store.messages.insert) } };
    };
    const failed: string[] = [];
    const fixture = onOneSchema({ url: database.url(), pool: poolOf(0), schema, open: openFaulty });
    const cases = storeConformance(fixture);
    for (const { id, run } of cases.filter(({ group }) => group === "transaction" || group === "messages")) {
      try {
        await run();
      } catch (error) {
        if (!(error instanceof AssertionError)) throw error;
        failed.push(id);
      }
    }
    expect(failed.toSorted()).toEqual(caughtBy.toSorted());
  });
});
