import assert from "node:assert/strict";
import type { TransportCaseGroup } from "./case.ts";
import { answered, within } from "./steps.ts";

/** How long `close` may take, and what it ends. */
const soonMs = 2_000;

export const closeCases: TransportCaseGroup = {
  group: "close",
  cases: [
    {
      name: "it ends open requests, which were not answered then",
      run: async ({ transport, receive }) => {
        const receiver = await receive({ respond: () => "hang" });
        const request = { headers: {}, body: Buffer.from("{}"), timeoutMs: 30_000 };
        const open = [1, 2, 3].map((n) => transport.send({ ...request, url: receiver.url(`/${n}`) }));
        await receiver.waitFor(open.length);
        await within(soonMs, transport.close());
        for (const outcome of await within(soonMs, Promise.all(open))) assert.notEqual(outcome.kind, "response");
      },
    },
    {
      name: "it drops the connections that were kept for later",
      run: async ({ transport, listen }) => {
        const listener = await listen((socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"));
        await answered(transport, listener.url);
        await within(soonMs, transport.close());
        assert.equal(await listener.left(), 0, "no connection is left");
      },
    },
    {
      name: "it may be called twice, and before anything was sent",
      run: async ({ transport }) => {
        for (let n = 0; n < 2; n += 1) await within(soonMs, transport.close());
      },
    },
    {
      name: "a request after it is sent, as a dispatcher that stops may be started again",
      run: async ({ transport, receive }) => {
        const receiver = await receive();
        for (let n = 1; n <= 2; n += 1) {
          await answered(transport, receiver.url());
          assert.equal(receiver.requests.length, n);
          await within(soonMs, transport.close());
        }
      },
    },
  ],
};
