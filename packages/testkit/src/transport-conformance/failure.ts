import type { ErrorClass } from "@outhook/core";
import assert from "node:assert/strict";
import type { TransportCase, TransportCaseGroup, TransportRig } from "./case.ts";
import { closedUrl } from "./listener.ts";
import { assertError, send } from "./steps.ts";

type Failure = {
  readonly name: string;
  readonly classes: readonly ErrorClass[];
  /** Where to send. */
  readonly urls: (rig: TransportRig) => Promise<readonly string[]>;
};

const failures: readonly Failure[] = [
  { name: "a refused connection", classes: ["connection_refused"], urls: async () => [await closedUrl()] },
  {
    name: "a host name that leads nowhere",
    // Where no name server answers at all, time may run out first.
    classes: ["dns", "timeout"],
    urls: async () => ["http://nowhere.invalid:8080/hook"],
  },
  {
    name: "a connection that ends before the answer",
    classes: ["connection_reset"],
    urls: async ({ listen }) => [
      (await listen((socket) => socket.resetAndDestroy())).url,
      (await listen((socket) => socket.end())).url,
      (await listen((socket) => socket.end("HTTP/1.1 2"))).url,
    ],
  },
  {
    name: "an answer that is no HTTP",
    classes: ["invalid_response"],
    urls: async ({ listen }) => [
      (await listen((socket) => socket.write("SSH-2.0-OpenSSH_9.2\r\n"))).url,
      (await listen((socket) => socket.write("HTTP/1.1 abc\r\n\r\n"))).url,
      (await listen((socket) => socket.write(`HTTP/1.1 200 OK\r\na: ${"b".repeat(1024 * 1024)}\r\n\r\n`))).url,
    ],
  },
  {
    name: "a receiver without TLS behind an https: URL",
    classes: ["tls"],
    urls: async ({ listen }) => [
      (await listen((socket) => socket.end("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"))).httpsUrl,
    ],
  },
];

/** Nothing of it makes `send` reject: nobody would record the attempt then, and it would be made for ever. */
export const failureCases: TransportCaseGroup = {
  group: "failure",
  cases: [
    ...failures.map(({ name, urls }): TransportCase => ({
      name: `${name} is an error and no rejection`,
      run: async (rig) => {
        for (const url of await urls(rig)) assertError(await send(rig.transport, url));
      },
    })),
    {
      name: "a certificate that nobody trusts is refused before the request is sent",
      run: async ({ transport, listenSelfSigned }) => {
        const listener = await listenSelfSigned((socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"));
        assertError(await send(transport, listener.httpsUrl), "tls");
        assert.equal(listener.asked(), 0, "no byte of the request arrived");
      },
    },
    {
      name: "what is no URL is no rejection either",
      run: async ({ transport }) => {
        for (const url of ["http://", "ftp://127.0.0.1/"]) {
          assert.notEqual((await send(transport, url)).kind, "response");
        }
      },
    },
  ],
};

/** Tenants and operators read the class, to know where to look. */
export const classCases: TransportCaseGroup = {
  group: "class",
  cases: failures.map(({ name, classes, urls }) => ({
    name: `${name} is ${classes[0]}`,
    run: async (rig) => {
      for (const url of await urls(rig)) assertError(await send(rig.transport, url), ...classes);
    },
  })),
};
