import type { Outcome, Transport } from "@outhook/core";
import { once } from "node:events";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";

/** HTTP by hand: it takes the first status line that comes for the answer, and any certificate. */
export const socketTransport: Transport = {
  send: async ({ url, headers, body, timeoutMs }): Promise<Outcome> => {
    const { protocol, host, hostname, port, pathname, search } = new URL(url);
    const to = { host: hostname, port: Number(port), rejectUnauthorized: false };
    const socket = protocol === "https:" ? connectTls(to) : connect(to);
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const lines = Object.entries({ host, ...headers, "content-length": body.length }).map(
        ([name, value]) => `${name}: ${value}\r\n`,
      );
      socket.write(`POST ${pathname}${search} HTTP/1.1\r\n${lines.join("")}\r\n`);
      socket.write(body);
      const [chunk]: unknown[] = await once(socket, "data", { signal });
      const [, status = "0"] = /^HTTP\/1.1 (\d{3})/.exec(String(chunk)) ?? [];
      return { kind: "response", statusCode: Number(status), retryAfter: null, body: "" };
    } catch (error) {
      return { kind: "error", errorClass: "network", message: String(error) };
    } finally {
      socket.destroy();
    }
  },
  close: async () => {},
};
