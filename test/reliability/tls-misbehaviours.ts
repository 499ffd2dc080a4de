import type { Misbehaviour } from "./misbehaviour.ts";
import { chunkedHead, ok, pour } from "./pouring.ts";

const refused = { outcome: "tls", status: "pending" } as const;

/** A fatal alert: handshake failure. https://www.rfc-editor.org/rfc/rfc8446#section-6 */
const alert = Buffer.from([21, 3, 3, 0, 2, 2, 40]);

/** In the handshake, or behind it. */
export const tlsMisbehaviours: readonly Misbehaviour[] = [
  { name: "has a self-signed certificate", certificate: "self-signed", expected: refused },
  { name: "has an expired certificate", certificate: "expired", expected: refused },
  { name: "has a certificate for another name", certificate: "other-name", expected: refused },
  { name: "does not speak TLS", scheme: "https", onRequest: (socket) => void socket.end(ok), expected: refused },
  {
    name: "ends the handshake with an alert",
    scheme: "https",
    onRequest: (socket) => void socket.end(alert),
    expected: refused,
  },
  {
    name: "sends noise in the handshake",
    scheme: "https",
    onRequest: (socket) => pour(socket, Buffer.alloc(65_536, 7)),
    expected: refused,
  },
  { name: "stalls in the handshake", scheme: "https", expected: { outcome: "timeout", status: "pending" } },
  {
    name: "resets in the handshake",
    scheme: "https",
    onRequest: (socket) => void socket.resetAndDestroy(),
    expected: { outcome: "connection_reset", status: "pending" },
  },
  {
    name: "closes in the handshake",
    scheme: "https",
    onRequest: (socket) => void socket.end(),
    expected: { outcome: "connection_reset", status: "pending" },
  },
  {
    name: "speaks TLS where HTTP is expected",
    scheme: "http",
    certificate: "trusted",
    expected: { outcome: "connection_reset", status: "pending" },
  },
  { name: "never answers over TLS", certificate: "trusted", expected: { outcome: "timeout", status: "pending" } },
  {
    name: "pads its chunks with extensions without end over TLS",
    certificate: "trusted",
    onRequest: (socket) => {
      socket.write(chunkedHead);
      pour(socket, `1;${"a".repeat(15_000)}\r\nx\r\n`);
    },
    expected: { outcome: 200, status: "succeeded", responseBody: /^x{1,20}$/ },
  },
];
