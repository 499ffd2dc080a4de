/** One message of the protocol between Postgres and its clients. */
export type Frame = {
  /** Its first byte as a character; empty for the message that opens a connection, which has no such byte. */
  readonly type: string;
  readonly body: Buffer;
};

/**
 * Cuts a stream of bytes into whole messages, wherever its chunks end. Clients begin with a message without a type.
 * https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export function frameReader(side: "client" | "server"): (chunk: Buffer) => readonly Frame[] {
  let rest: Buffer = Buffer.alloc(0);
  let head = side === "client" ? 0 : 1;
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    const frames: Frame[] = [];
    // The length counts itself, and not the type.
    while (rest.length >= head + 4 && rest.length >= head + rest.readUInt32BE(head)) {
      const end = head + rest.readUInt32BE(head);
      frames.push({ type: rest.toString("latin1", 0, head), body: rest.subarray(head + 4, end) });
      rest = rest.subarray(end);
      head = 1;
    }
    return frames;
  };
}

/** The text with which a message begins. */
export function textOf({ body }: Frame): string {
  return body.toString("utf8", 0, body.indexOf(0));
}
