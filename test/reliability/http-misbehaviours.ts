import type { Socket } from "node:net";
import { gzipSync } from "node:zlib";
import type { Misbehaviour } from "./misbehaviour.ts";
import { chunkedHead, drip, ok, pour, writeAndReset } from "./pouring.ts";

const delivered = { outcome: 200, status: "succeeded" } as const;
const timedOut = { outcome: "timeout", status: "pending" } as const;
const cutOff = { outcome: "connection_reset", status: "pending" } as const;
const invalid = { outcome: "invalid_response", status: "pending" } as const;

const largeBody = 900_000;
const bomb = gzipSync(Buffer.alloc(50_000_000));

const sends = (bytes: string | Buffer) => (socket: Socket) => void socket.write(bytes);

/** Without TLS, and whatever the status says. */
export const httpMisbehaviours: readonly Misbehaviour[] = [
  // The status line has come, and decides.
  {
    name: "sends a body without end",
    onRequest: (socket) => {
      socket.write(chunkedHead);
      pour(socket, `1000\r\n${"x".repeat(4_096)}\r\n`);
    },
    expected: { ...delivered, responseBody: /^x{16384}$/ },
  },
  {
    name: "sends a body of 1 GB",
    onRequest: (socket) => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n");
      pour(socket, Buffer.alloc(65_536, "y"));
    },
    expected: { ...delivered, responseBody: /^y{16384}$/ },
  },
  {
    name: "drips its body",
    onRequest: (socket) => {
      socket.write(chunkedHead);
      drip(socket, "1\r\nx\r\n", 50);
    },
    expected: { ...delivered, responseBody: /^x{5,60}$/ },
  },
  {
    name: "pads its chunks with extensions without end",
    onRequest: (socket) => {
      socket.write(chunkedHead);
      pour(socket, `1;${"a".repeat(30_000)}\r\nx\r\n`);
    },
    expected: { ...delivered, responseBody: /^x{1,20}$/ },
  },
  {
    name: "sends trailers without end",
    onRequest: (socket) => {
      socket.write(`${chunkedHead}2\r\nok\r\n0\r\n`);
      pour(socket, "a: b\r\n".repeat(1_000));
    },
    expected: { ...delivered, responseBody: /^ok$/ },
  },
  {
    name: "sends a chunk that is none",
    onRequest: sends(`${chunkedHead}2\r\nok\r\nnot a chunk\r\n`),
    expected: { ...delivered, responseBody: /^ok$/ },
  },
  {
    name: "ends in the middle of its body",
    onRequest: (socket) => void socket.end("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok"),
    expected: { ...delivered, responseBody: /^ok$/ },
  },
  {
    name: "resets in the middle of its body",
    onRequest: (socket) => writeAndReset(socket, `${chunkedHead}2\r\nok\r\n`),
    expected: { ...delivered, responseBody: /^ok$/ },
  },
  {
    name: "resets after its headers",
    onRequest: (socket) => writeAndReset(socket, chunkedHead),
    expected: { ...delivered, responseBody: /^$/ },
  },
  {
    name: "sends a compressed bomb",
    onRequest: (socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`);
      socket.write(bomb);
    },
    // As it came, each invalid byte replaced.
    expected: { ...delivered, responseBody: /^[^]{4000,16384}$/ },
  },
  {
    name: "sends a body after 204",
    onRequest: sends("HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\nhello"),
    expected: { outcome: 204, status: "succeeded", responseBody: /^$/ },
  },
  {
    name: "answers before it has read the request, and closes",
    bodyBytes: largeBody,
    onRequest: (socket) =>
      void socket.pause().end("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok"),
    expected: { ...delivered, responseBody: /^ok$/ },
  },
  {
    name: "resets a kept-alive connection at the next request",
    messages: 2,
    onRequest: (socket) => {
      socket.write(ok);
      socket.once("data", () => socket.resetAndDestroy());
    },
    expected: { ...delivered, responseBody: /^ok$/ },
  },
  {
    name: "closes a kept-alive connection between requests",
    messages: 2,
    onRequest: (socket) => void socket.end(ok),
    expected: { ...delivered, responseBody: /^ok$/ },
  },
  // Nothing that answers the request comes before the deadline.
  { name: "accepts and never answers", expected: timedOut },
  {
    name: "never reads a large body",
    bodyBytes: largeBody,
    onConnection: (socket) => void socket.pause(),
    expected: timedOut,
  },
  {
    name: "drips its headers",
    onRequest: (socket) => {
      socket.write("HTTP/1.1 200 OK\r\n");
      drip(socket, "a: b\r\n", 50);
    },
    expected: timedOut,
  },
  {
    name: "sends 102 every 100 ms",
    onRequest: (socket) => drip(socket, "HTTP/1.1 102 Processing\r\n\r\n", 100),
    expected: timedOut,
  },
  // The connection goes away.
  { name: "does not listen", isListening: false, expected: { outcome: "connection_refused", status: "pending" } },
  { name: "resets at accept", onConnection: (socket) => void socket.resetAndDestroy(), expected: cutOff },
  { name: "closes at accept", onConnection: (socket) => void socket.end(), expected: cutOff },
  { name: "closes its half of the connection", onRequest: (socket) => void socket.end(), expected: cutOff },
  { name: "resets instead of answering", onRequest: (socket) => void socket.resetAndDestroy(), expected: cutOff },
  { name: "resets in its status line", onRequest: (socket) => writeAndReset(socket, "HTTP/1.1 2"), expected: cutOff },
  // What comes is not HTTP/1.1.
  {
    name: "floods 103",
    onRequest: (socket) => pour(socket, "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(1_000)),
    expected: invalid,
  },
  {
    name: "sends headers without end",
    onRequest: (socket) => {
      socket.write("HTTP/1.1 200 OK\r\n");
      pour(socket, "a: b\r\n".repeat(1_000));
    },
    expected: invalid,
  },
  {
    name: "sends a header of 1 MiB",
    onRequest: sends(`HTTP/1.1 200 OK\r\na: ${"b".repeat(2 ** 20)}`),
    expected: invalid,
  },
  {
    name: "sends noise without end",
    onRequest: (socket) => pour(socket, Buffer.alloc(65_536, 0xfe)),
    expected: invalid,
  },
  { name: "answers in HTTP/0.9", onRequest: (socket) => void socket.end("<html>ok</html>"), expected: invalid },
  { name: "answers in HTTP/2", onRequest: sends(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])), expected: invalid },
  { name: "answers as SSH", onRequest: sends("SSH-2.0-OpenSSH_9.2\r\n"), expected: invalid },
  { name: "sends a status line that is none", onRequest: sends("HTTP/1.1 abc\r\n\r\n"), expected: invalid },
  { name: "sends a status below 100", onRequest: sends("HTTP/1.1 099 X\r\n\r\n"), expected: invalid },
  { name: "sends a header with NUL", onRequest: sends("HTTP/1.1 200 OK\r\na: b\0c\r\n\r\n"), expected: invalid },
  {
    name: "sends a negative length",
    onRequest: sends("HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n"),
    expected: invalid,
  },
  {
    name: "sends two lengths",
    onRequest: sends("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nok"),
    expected: invalid,
  },
  {
    name: "sends a length and chunks",
    onRequest: sends("HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
    expected: invalid,
  },
  { name: "sends 100 unasked", onRequest: sends("HTTP/1.1 100 Continue\r\n\r\n"), expected: invalid },
  {
    name: "upgrades unasked",
    onRequest: sends("HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"),
    expected: invalid,
  },
];
