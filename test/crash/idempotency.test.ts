import { startReceiver, verifyRequest } from "@outhook/testkit";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { openEncrypted } from "./idempotency-outhook.ts";
import type { Child } from "./processes.ts";
import { startChild, withDatabase } from "./processes.ts";

type Created = { readonly id: string; readonly secret: string };

describe("kill -9 between the commit of a create and its answer", { timeout: 30_000 }, () => {
  it("leaves one endpoint, whose answer and secret the retry with the same Idempotency-Key gets", async () => {
    const receiver = await startReceiver();
    const children: Child[] = [];
    const serve = async (path: string, ...mode: readonly string[]): Promise<Child> => {
      const child = startChild("idempotency-process.ts", [path, ...mode]);
      children.push(child);
      await child.printed(1);
      return child;
    };
    const create = async ({ lines: [url] }: Child): Promise<Response> =>
      await fetch(`${url}/endpoints`, {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": "create-1" },
        body: JSON.stringify({ url: receiver.url("/hook") }),
      });

    try {
      await withDatabase(async (path) => {
        const outhook = openEncrypted(path);
        await outhook.migrate();

        const first = await serve(path, "hang");
        const answer = create(first).then(
          () => "answered",
          () => "cut off",
        );
        await first.printed(2);
        await first.kill();
        expect(await answer).toBe("cut off");

        const retried = await create(await serve(path));
        expect(retried.status).toBe(201);
        const { id, secret } = (await retried.json()) as Created;
        const again = await create(await serve(path));
        expect(await again.json()).toMatchObject({ id, secret });

        const acme = outhook.tenant("acme");
        expect((await acme.endpoints.list()).data.map((endpoint) => endpoint.id)).toEqual([id]);
        await acme.send("loan.active", { id: "ln_1" });
        await outhook.dispatcher.runOnce();
        const [request] = await receiver.waitFor(1);
        expect(request && verifyRequest({ ...request, keys: [secret], now: Date.now() })).toBe("verified");

        for (const bytes of await bytesBeside(path)) {
          expect(bytes.includes(secret.slice("whsec_".length))).toBe(false);
          expect(bytes.includes(Buffer.from(secret.slice("whsec_".length), "base64"))).toBe(false);
        }
        await outhook.close();
      });
    } finally {
      for (const child of children) await child.kill();
      await receiver.close();
    }
  });
});

/** The database's files: what was committed last is still in its log. */
async function bytesBeside(path: string): Promise<readonly Buffer[]> {
  const folder = dirname(path);
  const names = await readdir(folder);
  expect(names.length).toBeGreaterThan(1);
  return await Promise.all(names.map((name) => readFile(join(folder, name))));
}
