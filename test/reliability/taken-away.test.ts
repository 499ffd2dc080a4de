import { startReceiver } from "@outhook/testkit";
import { expect, it, onTestFinished } from "vitest";
import { openApp } from "./app.ts";
import { startApp } from "./processes.ts";
import { newFile, rowsIn } from "./stored.ts";

/** What a dispatcher knows of an endpoint is never older; and what a busy machine may take on top. */
const knownForMs = 1_000 + 200;
const answerMs = knownForMs + 200;

it(
  "an endpoint that is disabled or deleted elsewhere gets nothing after a second, and the others lose nothing",
  { timeout: 60_000 },
  async () => {
    // What waits behind the first requests of the two would begin when these are answered, and that is too late.
    const receiver = await startReceiver({
      respond: ({ path }) => ({ status: 200, delayMs: path === "/stays" ? 20 : answerMs }),
    });
    onTestFinished(() => receiver.close());
    const database = await newFile();
    const outhook = openApp({ database });
    onTestFinished(() => outhook.close());
    await outhook.migrate();
    const acme = outhook.tenant("acme");
    const create = async (path: string) => (await acme.endpoints.create({ url: receiver.url(path) })).endpoint.id;
    const disabled = await create("/disabled");
    const deleted = await create("/deleted");
    await create("/stays");
    const app = await startApp({ database });
    const messages = 100;
    await Promise.all(Array.from({ length: messages }, (_, n) => acme.send("loan.active", { n })));
    const at = (path: string) => receiver.requests.filter((request) => request.path === path);
    const isFull = () => ["/disabled", "/deleted"].every((path) => at(path).length >= 4);
    await expect.poll(isFull, { timeout: 10_000, interval: 5 }).toBe(true);

    await acme.endpoints.update(disabled, { status: "disabled" });
    const disabledAt = Date.now();
    await acme.endpoints.delete(deleted);
    const deletedAt = Date.now();
    const isOver = () => at("/stays").length === messages && Date.now() > deletedAt + answerMs + 500;
    await expect.poll(isOver, { timeout: 30_000 }).toBe(true);

    const lateMs = (path: string, since: number) => Math.max(...at(path).map(({ receivedAt }) => receivedAt)) - since;
    const late = { disabled: lateMs("/disabled", disabledAt), deleted: lateMs("/deleted", deletedAt) };
    console.log(`the last request came ${late.disabled} ms after disabling, ${late.deleted} ms after deleting`);
    expect(late.disabled).toBeLessThan(knownForMs);
    expect(late.deleted).toBeLessThan(knownForMs);
    app.signal("SIGTERM");
    expect(await app.ended).toMatchObject({ code: 0 });
    const countsOf = async (endpointId: string) =>
      await rowsIn(
        database,
        `select status, count(*) as count from outhook_deliveries where endpoint_id = '${endpointId}' group by status`,
      );
    const got = at("/disabled").length;
    expect(await countsOf(disabled)).toEqual([
      { status: "pending", count: messages - got },
      { status: "succeeded", count: got },
    ]);
    // Deleting cancels also what is open, whose answers then change nothing.
    expect(await countsOf(deleted)).toEqual([{ status: "cancelled", count: messages }]);
    expect(got).toBeLessThan(messages / 2);
    expect(at("/deleted").length).toBeLessThan(messages / 2);
    expect(app.errors).toEqual([]);
  },
);
