import assert from "node:assert/strict";
import type { Socket } from "node:net";
import type { TransportCaseGroup } from "./case.ts";
import { chunk, chunkedHead, repeatedly } from "./raw-answers.ts";
import { answered, maxBodyBytes, timed } from "./steps.ts";

const statuses = [200, 201, 204, 299, 400, 401, 404, 407, 410, 429, 500, 503, 504];
const redirects = [301, 302, 303, 307, 308];

export const responseCases: TransportCaseGroup = {
  group: "response",
  cases: [
    {
      name: "a status is an answer, whatever it says",
      run: async ({ transport, receive }) => {
        const receiver = await receive({ respond: ({ path }) => ({ status: Number(path.slice(1)) }) });
        for (const status of statuses) {
          const { statusCode, body } = await answered(transport, receiver.url(`/${status}`));
          assert.deepEqual({ statusCode, body }, { statusCode: status, body: "" });
        }
        assert.equal(receiver.requests.length, statuses.length, "each was asked for once");
      },
    },
    {
      name: "a redirect is an answer and is not followed",
      run: async ({ transport, receive }) => {
        const target = await receive();
        const receiver = await receive({
          respond: ({ path }) => ({ status: Number(path.slice(1)), headers: { location: target.url("/elsewhere") } }),
        });
        for (const status of redirects) {
          assert.equal((await answered(transport, receiver.url(`/${status}`))).statusCode, status);
        }
        assert.equal(target.connectionCount(), 0, "nobody went where it points");
      },
    },
    {
      name: "Retry-After comes as it was sent, or as null",
      run: async ({ transport, receive }) => {
        const sent = ["120", "Wed, 21 Oct 2026 07:28:00 GMT", "soon"];
        const receiver = await receive({
          respond: (_request, n) => {
            const text = sent[n - 1];
            return { status: 503, headers: text === undefined ? {} : { "Retry-After": text } };
          },
        });
        const received: (string | null)[] = [];
        for (let n = 0; n <= sent.length; n += 1) {
          received.push((await answered(transport, receiver.url())).retryAfter);
        }
        assert.deepEqual(received, [...sent, null]);
      },
    },
    {
      name: "its body comes as text, and what is no UTF-8 is replaced",
      run: async ({ transport, listen }) => {
        const listener = await listen((socket) => {
          socket.write("HTTP/1.1 500 X\r\ncontent-length: 7\r\n\r\n");
          socket.write(Buffer.from([0x7b, 0xc3, 0xbc, 0x00, 0xff, 0x61, 0x7d]));
        });
        const { statusCode, body } = await answered(transport, listener.url);
        assert.deepEqual({ statusCode, body }, { statusCode: 500, body: "{ü\u0000\uFFFDa}" });
      },
    },
    {
      name: "of a long body the first 16 KiB are kept",
      run: async ({ transport, receive }) => {
        const receiver = await receive({
          respond: (_request, n) => ({ status: 200, body: "x".repeat(maxBodyBytes * n) }),
        });
        for (let n = 1; n <= 3; n += 1) {
          const { body } = await answered(transport, receiver.url());
          assert.ok(body === "x".repeat(maxBodyBytes), `${body.length} characters are kept of ${maxBodyBytes * n}`);
        }
      },
    },
    {
      name: "a body without end is not read to its deadline",
      run: async ({ transport, listen }) => {
        const listener = await listen((socket) => {
          socket.write(chunkedHead);
          repeatedly(socket, chunk(4_000), 1);
        });
        const { result, ms } = await timed(() => answered(transport, listener.url));
        assert.ok(result.body === "x".repeat(maxBodyBytes), `${result.body.length} characters are kept`);
        assert.ok(ms < 2_500, `the outcome came after ${Math.round(ms)} ms`);
        assert.equal(await listener.left(), 0, "its connection is dropped");
      },
    },
    {
      name: "the status line decides, also when the body is cut short",
      run: async ({ transport, listen }) => {
        const ends: readonly ((socket: Socket) => void)[] = [
          (socket) => socket.resetAndDestroy(),
          (socket) => socket.end(),
          (socket) => socket.write("this is no chunk\r\n"),
        ];
        for (const end of ends) {
          const listener = await listen((socket) => {
            socket.write(chunkedHead + chunk(5));
            // A reset must not overtake what was written before it.
            setTimeout(end, 30, socket);
          });
          const { statusCode, body } = await answered(transport, listener.url);
          assert.equal(statusCode, 200);
          assert.match(body, /^x{0,5}$/, "of the body there is at most what came");
        }
      },
    },
    {
      name: "what comes before the answer, such as an early hint, is not the answer",
      run: async ({ transport, listen }) => {
        const listener = await listen((socket) => {
          socket.write(
            "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nok",
          );
        });
        const { statusCode, body } = await answered(transport, listener.url);
        assert.deepEqual({ statusCode, body }, { statusCode: 201, body: "ok" });
      },
    },
  ],
};
