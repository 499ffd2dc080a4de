import { describe, expect, it, onTestFinished } from "vitest";
import { useServer } from "../postgres/database.ts";
import { startProxy } from "../postgres/proxy.ts";
import { openApp } from "./app.ts";
import { startApp } from "./processes.ts";

const newDatabase = useServer();
/** How long the store waits for an answer before it drops a connection. */
const answerMs = 20_000;

describe("a Postgres that answers nothing", { timeout: 120_000 }, () => {
  it("keeps no send waiting for longer than two statements, however many wait before it", async () => {
    const proxy = await startProxy({ target: await newDatabase() });
    onTestFinished(() => proxy.close());
    const outhook = openApp({ database: proxy.url });
    onTestFinished(() => outhook.close({ graceMs: 0 }));
    await outhook.migrate();
    const acme = outhook.tenant("acme");
    await acme.send("loan.active", {});

    proxy.pause();
    const began = performance.now();
    const sends = await Promise.allSettled(Array.from({ length: 2_000 }, () => acme.send("loan.active", {})));
    const tookMs = performance.now() - began;
    const codes = new Set(sends.map((one) => (one.status === "rejected" ? one.reason.code : one.status)));
    console.log(`2,000 sends were refused within ${Math.round(tookMs)} ms: ${[...codes].join(", ")}`);
    expect(codes).toEqual(new Set(["store_unavailable"]));
    expect(tookMs).toBeLessThan(2 * answerMs + 5_000);
  });

  it("lets a process that closes end by itself, when its last statement has been waited for", async () => {
    const proxy = await startProxy({ target: await newDatabase() });
    onTestFinished(() => proxy.close());
    const outhook = openApp({ database: proxy.url });
    await outhook.migrate();
    await outhook.close();
    const app = await startApp({ database: proxy.url, sends: { tenants: ["acme"], everyMs: 10 } });
    await expect.poll(() => app.accepted().length).toBeGreaterThan(10);
    proxy.pause();
    const signalledAt = Date.now();
    app.signal("SIGTERM");
    const { code, at } = await app.ended;
    console.log(`ended by itself ${at - signalledAt} ms after SIGTERM`);
    expect(code).toBe(0);
    expect(at - signalledAt).toBeLessThan(answerMs + 5_000);
  });
});
