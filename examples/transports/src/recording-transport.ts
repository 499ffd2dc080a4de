import type { Outcome, Transport, TransportRequest } from "@outhook/core";
import { appendFile } from "node:fs/promises";

/** A line of the file. The body is text, as it was signed. */
export type RecordedRequest = Pick<TransportRequest, "url" | "headers"> & {
  readonly at: string;
  readonly body: string;
};

/** Options of {@link recordingTransport}. */
export type RecordingTransportOptions = {
  /** Made when there is none, for its owner alone to read: signatures and the values of custom headers stand in it. */
  readonly path: string;
  /** Sends the request as well. Default: nobody, and every request counts as answered with 200. */
  readonly passTo?: Transport | undefined;
  readonly now?: (() => number) | undefined;
};

/** Writes each request to a file, as one line of JSON, before it is sent. For development and tests. */
export function recordingTransport({ path, passTo, now = Date.now }: RecordingTransportOptions): Transport {
  let written: Promise<unknown> = Promise.resolve();

  /** One line after the other, so that none lies in the middle of another. */
  const write = (line: string): Promise<void> => {
    const writing = written.then(() => appendFile(path, line, { mode: 0o600 }));
    written = writing.catch(() => {});
    return writing;
  };

  return {
    send: async (request): Promise<Outcome> => {
      const { url, headers } = request;
      const body = Buffer.from(request.body).toString();
      const record: RecordedRequest = { at: new Date(now()).toISOString(), url, headers, body };
      try {
        await write(`${JSON.stringify(record)}\n`);
      } catch (error) {
        // The disk is full, say. No receiver is to blame, so it is made again at no charge.
        return { kind: "local", message: `the request could not be recorded: ${String(error)}` };
      }
      return (await passTo?.send(request)) ?? { kind: "response", statusCode: 200, retryAfter: null, body: "" };
    },
    close: async () => {
      await written;
      await passTo?.close();
    },
  };
}
