import assert from "node:assert/strict";
import type { TransportCase, TransportCaseGroup } from "./case.ts";
import type { Answer } from "./listener.ts";
import { chunk, chunkedHead, repeatedly } from "./raw-answers.ts";
import { assertError, send, timed } from "./steps.ts";

const timeoutMs = 300;

/** Receivers that keep a request waiting without ever sending a status line. */
const silences: readonly { readonly name: string; readonly answer: Answer }[] = [
  { name: "a receiver that says nothing", answer: () => {} },
  {
    name: "headers that drip without end",
    answer: (socket) => {
      socket.write("HTTP/1.1 200 OK\r\n");
      repeatedly(socket, "a: b\r\n", 20);
    },
  },
  { name: "early hints without end", answer: (socket) => repeatedly(socket, "HTTP/1.1 103 Early Hints\r\n\r\n", 20) },
];

export const deadlineCases: TransportCaseGroup = {
  group: "deadline",
  cases: [
    ...silences.map(({ name, answer }): TransportCase => ({
      name: `${name} is a timeout`,
      run: async ({ transport, listen }) => {
        const listener = await listen(answer);
        const { result, ms } = await timed(() => send(transport, listener.url, { timeoutMs }));
        assertError(result, "timeout");
        assertInTime(ms);
        assert.equal(await listener.left(), 0, "its connection is dropped");
      },
    })),
    {
      name: "a TLS handshake that does not go on is a timeout",
      run: async ({ transport, listen }) => {
        const listener = await listen(() => {});
        const { result, ms } = await timed(() => send(transport, listener.httpsUrl, { timeoutMs }));
        assertError(result, "timeout");
        assertInTime(ms);
      },
    },
    {
      name: "a TLS handshake that does not go on is dropped with its connection",
      run: async ({ transport, listen }) => {
        const listener = await listen(() => {});
        await send(transport, listener.httpsUrl, { timeoutMs });
        assert.equal(await listener.left(), 0, "its connection is dropped");
      },
    },
    {
      name: "a body that drips without end is an answer by then",
      run: async ({ transport, listen }) => {
        const listener = await listen((socket) => {
          socket.write(chunkedHead);
          repeatedly(socket, chunk(1), 20);
        });
        const { result, ms } = await timed(() => send(transport, listener.url, { timeoutMs }));
        assert.equal(result.kind, "response");
        assertInTime(ms);
        assert.equal(await listener.left(), 0, "its connection is dropped");
      },
    },
    {
      name: "it is of each request, and no shorter than it says",
      run: async ({ transport, receive }) => {
        const receiver = await receive({ respond: () => ({ status: 200, delayMs: 2 * timeoutMs }) });
        const [short, long] = await Promise.all([
          send(transport, receiver.url(), { timeoutMs }),
          send(transport, receiver.url(), { timeoutMs: 10 * timeoutMs }),
        ]);
        assertError(short, "timeout");
        assert.equal(long.kind, "response");
      },
    },
  ],
};

/** Timers may be some milliseconds early; a busy machine is late. */
function assertInTime(ms: number): void {
  assert.ok(ms >= timeoutMs - 20 && ms < timeoutMs + 1_000, `${Math.round(ms)} ms passed, of ${timeoutMs}`);
}
