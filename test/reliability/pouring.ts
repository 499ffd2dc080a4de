import type { Socket } from "node:net";

export const ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
export const chunkedHead = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

/** Writes again and again as fast as it goes, until the connection is gone. */
export function pour(socket: Socket, bytes: string | Buffer): void {
  while (!socket.destroyed && socket.write(bytes));
  if (!socket.destroyed) socket.once("drain", () => pour(socket, bytes));
}

/** Writes again and again, slowly, until the connection is gone. */
export function drip(socket: Socket, text: string, everyMs: number): void {
  const timer = setInterval(() => socket.write(text), everyMs);
  socket.once("close", () => clearInterval(timer));
}

/** Writes, and resets the connection when that has left. */
export function writeAndReset(socket: Socket, text: string): void {
  socket.write(text);
  // The reset must not overtake what was written before it.
  setTimeout(() => socket.resetAndDestroy(), 50);
}
