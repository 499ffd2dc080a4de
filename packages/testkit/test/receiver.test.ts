import { afterEach, describe, expect, it } from "vitest";
import type { Receiver, ReceiverOptions } from "../src/receiver.ts";
import { startReceiver } from "../src/receiver.ts";

const open: Receiver[] = [];
const start = async (options?: ReceiverOptions): Promise<Receiver> => {
  const receiver = await startReceiver(options);
  open.push(receiver);
  return receiver;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((receiver) => receiver.close()));
});

const post = (url: string, body = "{}"): Promise<Response> =>
  fetch(url, { method: "POST", body, headers: { "webhook-id": "msg_1" } });

describe("startReceiver", () => {
  it("records each request as it arrived and answers 200", async () => {
    const receiver = await start();
    const response = await post(receiver.url("/hook?a=1"), '{"name":"Zoë \u0000"}');
    expect(response.status).toBe(200);
    expect(receiver.requests).toEqual([
      {
        method: "POST",
        path: "/hook?a=1",
        headers: expect.objectContaining({ "webhook-id": "msg_1" }),
        body: '{"name":"Zoë \u0000"}',
        receivedAt: expect.any(Number),
      },
    ]);
    expect(receiver.connectionCount()).toBe(1);
  });

  it("answers as it is told, knowing the number of the request", async () => {
    const receiver = await start({
      respond: ({ body }, n) => ({ status: 200 + n, headers: { "retry-after": "7" }, body: `got ${body}`, delayMs: n }),
    });
    await post(receiver.url());
    const second = await post(receiver.url(), "x");
    expect([second.status, second.headers.get("retry-after"), await second.text()]).toEqual([202, "7", "got x"]);
  });

  it("cuts the connection on reset, and the request still counts", async () => {
    const receiver = await start({ respond: () => "reset" });
    await expect(post(receiver.url())).rejects.toThrow("fetch failed");
    expect(receiver.requests).toHaveLength(1);
  });

  it("never answers on hang, until it is closed", async () => {
    const receiver = await start({ respond: () => "hang" });
    const closed = receiver.waitFor(1).then(receiver.close);
    await expect(post(receiver.url())).rejects.toThrow("fetch failed");
    await closed;
  });

  it("resolves waitFor when the last of the requests arrives", async () => {
    const receiver = await start();
    const waiting = receiver.waitFor(3);
    await Promise.all([post(receiver.url("/1")), post(receiver.url("/2")), post(receiver.url("/3"))]);
    expect(await waiting).toHaveLength(3);
    expect(await receiver.waitFor(2)).toHaveLength(3);
  });

  it("says how many requests came when waitFor runs out of time", async () => {
    const receiver = await start();
    await post(receiver.url("/only"));
    await expect(receiver.waitFor(2, { timeoutMs: 20 })).rejects.toThrow(
      "expected 2 requests, got 1 in 20 ms\n  POST /only",
    );
  });

  it("fails what still waits when it is closed, and may be closed twice", async () => {
    const receiver = await start();
    const closed = Promise.resolve().then(receiver.close);
    await expect(receiver.waitFor(1)).rejects.toThrow("expected 1 requests, got 0 before the receiver was closed");
    await closed;
    await receiver.close();
    await expect(post(receiver.url())).rejects.toThrow("fetch failed");
  });

  it("answers 500 with the reason when the test's own respond function throws", async () => {
    const receiver = await start({
      respond: () => {
        throw new Error("oops");
      },
    });
    const response = await post(receiver.url());
    expect([response.status, await response.text()]).toEqual([500, "the test's respond function failed: Error: oops"]);
  });
});
