import { startReceiver } from "@outhook/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { readRow, useServer } from "./database.ts";
import { openOuthook } from "./outhook.ts";
import type { CutAt, PostgresProxy } from "./proxy.ts";
import { startProxy } from "./proxy.ts";

const newDatabase = useServer();

type App = {
  readonly url: string;
  readonly proxy: PostgresProxy;
  readonly acme: ReturnType<ReturnType<typeof openOuthook>["tenant"]>;
  /** Delivers what is due and says which messages arrived. */
  readonly deliver: () => Promise<readonly (string | undefined)[]>;
};

/** An app whose connections to the database go through a proxy. It ends with the test. */
async function startApp(): Promise<App> {
  const url = await newDatabase();
  const receiver = await startReceiver();
  onTestFinished(() => receiver.close());
  const proxy = await startProxy({ target: url });
  onTestFinished(() => proxy.close());
  const outhook = openOuthook(proxy.url);
  onTestFinished(() => outhook.close());
  await outhook.migrate();
  const acme = outhook.tenant("acme");
  await acme.endpoints.create({ url: receiver.url() });
  const deliver = async () => {
    await outhook.dispatcher.runOnce();
    return receiver.requests.map(({ headers }) => headers["webhook-id"]);
  };
  return { url, proxy, acme, deliver };
}

const countMessages = "select count(*)::integer as count from outhook_messages";

const unknown = expect.stringContaining("whether it was done is not known");

describe("a connection that is cut at the COMMIT of a send", { timeout: 30_000 }, () => {
  it.each<{ what: string; at: CutAt; stored: number }>([
    { what: "before the server gets it", at: "before", stored: 0 },
    { what: "after the server has done it", at: "after", stored: 1 },
  ])("($what) rejects the send, and the same key again stores it once", async ({ at, stored }) => {
    const { url, proxy, acme, deliver } = await startApp();
    const cut = proxy.cutAtCommit(at);
    const send = () => acme.send("loan.active", { id: "ln_1" }, { idempotencyKey: "ln_1:active" });
    // The same words for both: nobody on this side can know which it was.
    await expect(send()).rejects.toMatchObject({
      code: "store_unavailable",
      detail: unknown,
      hint: expect.stringContaining("idempotency key"),
    });
    await cut;
    expect(await readRow(url, countMessages)).toEqual({ count: stored });

    const again = await send();
    expect(again.duplicate).toBe(stored === 1);
    expect(await readRow(url, "select count(*)::integer as count, min(id) as id from outhook_messages")).toEqual({
      count: 1,
      id: again.id,
    });
    expect(await deliver()).toEqual([again.id]);
  });

  it.each<{ at: CutAt }>([{ at: "before" }, { at: "after" }])(
    "($at) is sent again without a key, and is stored once",
    async ({ at }) => {
      const { url, proxy, acme, deliver } = await startApp();
      const cut = proxy.cutAtCommit(at);
      const { id } = await acme.send("loan.active", { id: "ln_1" });
      await cut;
      expect(await readRow(url, countMessages)).toEqual({ count: 1 });
      expect(await deliver()).toEqual([id]);
    },
  );

  it("rejects a send without a key in the same words when the database does not come back", async () => {
    const { proxy, acme } = await startApp();
    const cut = proxy.cutAtCommit("after");
    const sent = acme.send("loan.active", {}).catch((error: unknown) => error);
    await cut;
    await proxy.close();
    expect(await sent).toMatchObject({ code: "store_unavailable", detail: unknown });
  });

  it("rejects each send of a group, and the same keys again store each once", async () => {
    const { url, proxy, acme, deliver } = await startApp();
    const cut = proxy.cutAtCommit("after");
    const send = (n: number) => acme.send("loan.active", { n }, { idempotencyKey: `key-${n}` });
    const keys = [1, 2, 3, 4, 5];
    const first = await Promise.allSettled(keys.map(send));
    await cut;
    expect(first).toMatchObject(
      keys.map(() => ({ status: "rejected", reason: { code: "store_unavailable", detail: unknown } })),
    );

    const again = await Promise.all(keys.map(send));
    expect(again.map(({ duplicate }) => duplicate)).toEqual(keys.map(() => true));
    expect(await readRow(url, countMessages)).toEqual({ count: keys.length });
    expect(new Set(await deliver())).toEqual(new Set(again.map(({ id }) => id)));
    expect(await deliver()).toHaveLength(keys.length);
  });

  it("is nothing that happens by itself: through the same proxy a key is new once", async () => {
    const { url, acme, deliver } = await startApp();
    const send = () => acme.send("loan.active", { id: "ln_1" }, { idempotencyKey: "ln_1:active" });
    const { id, duplicate } = await send();
    expect(duplicate).toBe(false);
    expect(await send()).toEqual({ id, duplicate: true });
    expect(await readRow(url, countMessages)).toEqual({ count: 1 });
    expect(await deliver()).toEqual([id]);
  });
});
