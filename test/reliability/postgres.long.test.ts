import { randomBytes } from "node:crypto";
import { mkdtemp, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, onTestFinished } from "vitest";
import { runOn } from "../../packages/postgres/test/fixtures/database.ts";
import { readRows, useServer } from "../postgres/database.ts";
import { startProxy } from "../postgres/proxy.ts";
import { mayMount, mountMemory } from "./mounting.ts";
import { expectRidesOut } from "./riding-out.ts";

const newDatabase = useServer();

describe("on Postgres, at length", { timeout: 120_000 }, () => {
  it("a network that takes half a second more each way costs nothing", async () => {
    const proxy = await startProxy({ target: await newDatabase() });
    onTestFinished(() => proxy.close());
    await expectRidesOut(proxy.url, {
      strike: async () => proxy.delay(500),
      relieve: async () => proxy.delay(0),
      refusals: [],
      mustRefuse: false,
      lastsMs: 15_000,
      lockWaitMs: 5_000,
    });
  });

  it.skipIf(!mayMount() || process.env["OUTHOOK_TEST_POSTGRES_URL"] !== undefined)(
    "a disk that is full for a while costs nothing but refused sends",
    async () => {
      const server = await newDatabase();
      const folder = await newTablespace(server);
      const name = `outhook_small_${randomBytes(6).toString("hex")}`;
      await runOn(server, `create tablespace ${name} location '${folder}'`);
      onTestFinished(async () => void (await runOn(server, `drop tablespace ${name}`)));
      await runOn(server, `create database ${name} template template0 tablespace ${name}`);
      onTestFinished(async () => void (await runOn(server, `drop database ${name} with (force)`)));
      const ballast = join(folder, "ballast");
      await expectRidesOut(Object.assign(new URL(server), { pathname: `/${name}` }).href, {
        // Until there is no room.
        strike: () => writeFile(ballast, Buffer.alloc(100_000_000)).catch(() => undefined),
        relieve: () => rm(ballast),
        refusals: ["store_unavailable"],
        lastsMs: 3_000,
      });
    },
  );
});

/** A small file system of its own that belongs to the user who runs the server. */
async function newTablespace(url: string): Promise<string> {
  const [row] = await readRows(url, "show data_directory");
  const { uid, gid } = await stat(String(row?.["data_directory"]));
  const folder = await mkdtemp(join(tmpdir(), "outhook-tablespace-"));
  onTestFinished(() => rmdir(folder));
  mountMemory(folder, `size=40m,uid=${uid},gid=${gid},mode=0700`);
  return folder;
}
