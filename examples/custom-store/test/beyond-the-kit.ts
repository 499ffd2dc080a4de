import { isOuthookError } from "@outhook/core";
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { nodeSqliteStore } from "../src/index.ts";

const identity = { environment: "test", partitions: 4 };
const messagesEach = 150;

/** What a store on a file promises beyond the port, as cases that any test runner can run. */
export const casesBeyondTheKit: readonly { readonly id: string; readonly run: () => Promise<void> }[] = [
  {
    id: "two processes on one file take no delivery twice and leave none",
    run: () =>
      onFile(async (path) => {
        const script = join(import.meta.dirname, "working-process.ts");
        const work = async (): Promise<string[]> => {
          const { stdout } = await promisify(execFile)(process.execPath, [script, path, String(messagesEach)]);
          return JSON.parse(stdout) as string[];
        };
        const claimed = (await Promise.all([work(), work()])).flat();
        const db = new DatabaseSync(path, { readOnly: true });
        const found = db.prepare(
          "select id from outhook_deliveries where status = 'succeeded' and attempts = 1 order by id",
        );
        const succeeded = found.all().map(({ id }) => id);
        db.close();
        assert.equal(succeeded.length, 2 * messagesEach);
        assert.deepEqual(claimed.toSorted(), succeeded);
      }),
  },
  {
    id: "a lock that another connection keeps ends in store_busy, and meanwhile the event loop runs",
    run: () =>
      onFile(async (path) => {
        const store = nodeSqliteStore({ path, lockWaitMs: 100 });
        await store.upkeep.migrate({ identity, adopt: false });
        const other = new DatabaseSync(path);
        other.exec("begin immediate");
        let [longest, last] = [0, performance.now()];
        const timer = setInterval(() => {
          longest = Math.max(longest, performance.now() - last);
          last = performance.now();
        }, 5);
        const refused = await store.upkeep.retire({ dispatcherId: "a" }).catch((error: unknown) => error);
        clearInterval(timer);
        other.exec("rollback");
        other.close();
        await store.upkeep.retire({ dispatcherId: "a" });
        await store.close();
        assert.equal(isOuthookError(refused) ? refused.code : refused, "store_busy");
        assert.ok(longest > 0 && longest < 1_000, `the event loop stood still for ${Math.round(longest)} ms`);
      }),
  },
  {
    id: "tables of a later version are refused",
    run: () =>
      onFile(async (path) => {
        const store = nodeSqliteStore({ path });
        await store.upkeep.migrate({ identity, adopt: false });
        const other = new DatabaseSync(path);
        other.exec("update outhook_meta set version = version + 1");
        other.close();
        for (const call of [() => store.upkeep.identity(), () => store.upkeep.migrate({ identity, adopt: true })]) {
          await assert.rejects(call, (error) => isOuthookError(error) && error.code === "schema_newer");
        }
        await store.close();
      }),
  },
];

async function onFile(run: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "outhook-custom-"));
  try {
    await run(join(folder, "outhook.db"));
  } finally {
    await rm(folder, { recursive: true });
  }
}
