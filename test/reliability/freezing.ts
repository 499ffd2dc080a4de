import { startReceiver } from "@outhook/testkit";
import { expect, onTestFinished } from "vitest";
import { openApp } from "./app.ts";

const graceMs = 600;
/** What a busy machine may take on top. */
const toleranceMs = 250;
const silent = { warn: () => undefined, error: () => undefined };

/** Ends an app with requests open and sends waiting while its database does not answer, in each way, and twice at once. */
export async function expectEndsInTime(input: {
  readonly database: string;
  readonly call: "stop" | "close" | "close twice";
  /** From now on the database answers nothing and nobody. */
  readonly freeze: () => void;
}): Promise<void> {
  const { database, call, freeze } = input;
  const receiver = await startReceiver({ respond: ({ path }) => (path === "/hangs" ? "hang" : { status: 200 }) });
  onTestFinished(() => receiver.close());
  const outhook = openApp({ database }, silent);
  await outhook.migrate();
  const acme = outhook.tenant("acme");
  await acme.endpoints.create({ url: receiver.url("/hangs"), timeoutSeconds: 60 });
  await acme.endpoints.create({ url: receiver.url("/quick") });
  await outhook.dispatcher.start();
  await Promise.all(Array.from({ length: 20 }, (_, n) => acme.send("loan.active", { n })));
  await receiver.waitFor(21, { timeoutMs: 10_000 });

  freeze();
  const sends = Array.from({ length: 200 }, (_, n) => acme.send("loan.active", { n }).catch(() => undefined));
  const began = performance.now();
  const end = call === "stop" ? () => outhook.dispatcher.stop({ graceMs }) : () => outhook.close({ graceMs });
  await Promise.all(call === "close twice" ? [end(), outhook.close({ graceMs: 60_000 })] : [end()]);
  const tookMs = performance.now() - began;
  console.log(`${call} took ${Math.round(tookMs)} of ${graceMs} ms`);
  expect(tookMs).toBeLessThan(graceMs + toleranceMs);
  void Promise.all(sends);
  onTestFinished(() => outhook.close({ graceMs: 0 }));
}
