import { startReceiver } from "@outhook/testkit";
import { expect, it, onTestFinished } from "vitest";
import { openApp } from "./app.ts";
import { startApp } from "./processes.ts";
import { newFile, storedIn } from "./stored.ts";

const receiverCount = 10;
const messages = 5;
/** Of which Node takes about twenty for itself. */
const descriptors = 64;

it("a process with 64 descriptors delivers everything once, and blames no receiver", { timeout: 60_000 }, async () => {
  const receivers = await Promise.all(
    Array.from({ length: receiverCount }, () => startReceiver({ respond: () => ({ status: 200, delayMs: 200 }) })),
  );
  onTestFinished(async () => {
    await Promise.all(receivers.map((receiver) => receiver.close()));
  });
  const database = await newFile();
  const outhook = openApp({ database });
  onTestFinished(() => outhook.close());
  await outhook.migrate();
  const acme = outhook.tenant("acme");
  for (const receiver of receivers) await acme.endpoints.create({ url: receiver.url() });
  await Promise.all(Array.from({ length: messages }, (_, n) => acme.send("loan.active", { n })));

  const app = await startApp({ database }, ["prlimit", `--nofile=${descriptors}`]);
  await Promise.all(receivers.map((receiver) => receiver.waitFor(messages, { timeoutMs: 30_000 })));
  app.signal("SIGTERM");
  expect(await app.ended).toMatchObject({ code: 0 });

  const stored = await storedIn(database);
  expect(stored).toHaveLength(receiverCount * messages);
  expect(stored.every(({ status, attempts }) => status === "succeeded" && attempts.join() === "200")).toBe(true);
  expect(receivers.map(({ requests }) => requests.length)).toEqual(Array(receiverCount).fill(messages));
  // That they did run out, and that nothing else went wrong.
  expect(app.errors).not.toEqual([]);
  expect(app.errors.filter(({ text }) => !text.includes("run out of a resource (EMFILE)"))).toEqual([]);
});
