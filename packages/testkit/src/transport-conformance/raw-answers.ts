import type { Socket } from "node:net";

/** The head of an answer whose body comes in chunks. */
export const chunkedHead = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

/** So many bytes of a body in one chunk. */
export function chunk(bytes: number): string {
  return `${bytes.toString(16)}\r\n${"x".repeat(bytes)}\r\n`;
}

/** Writes a text again and again, until the connection is gone. */
export function repeatedly(socket: Socket, text: string, everyMs: number): void {
  const timer = setInterval(() => socket.write(text), everyMs);
  socket.once("close", () => clearInterval(timer));
}
