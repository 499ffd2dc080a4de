import { createHttpTransport, createNetworkPolicy } from "@outhook/core";
import type { Transport } from "@outhook/core";
import type { SkippedCase, TransportFixture } from "@outhook/testkit";
import { transportConformance } from "@outhook/testkit";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { recordingTransport } from "../src/index.ts";

const policy = createNetworkPolicy({ allow: ["127.0.0.0/8"], allowHttp: true });

/** A transport that records to a file of its own. */
const recording = (passTo: () => Transport | undefined): TransportFixture => ({
  create: async () => {
    const folder = await mkdtemp(join(tmpdir(), "outhook-transport-"));
    const transport = recordingTransport({ path: join(folder, "sent.jsonl"), passTo: passTo() });
    const destroy = async (): Promise<void> => {
      await transport.close();
      await rm(folder, { recursive: true });
    };
    return { transport, destroy };
  },
});

/** What a transport need not keep that sends to nobody. */
const skip: readonly SkippedCase[] = [
  { id: "request", reason: "nothing arrives anywhere: the file has it" },
  { id: "response", reason: "nobody answers" },
  { id: "once", reason: "nothing arrives anywhere" },
  { id: "deadline", reason: "nobody is waited for" },
  { id: "failure", reason: "there is no network to fail" },
  { id: "class", reason: "there is no network to fail" },
  { id: "close/it ends open requests, which were not answered then", reason: "none is ever open" },
  { id: "close/it drops the connections that were kept for later", reason: "there are none" },
  {
    id: "close/a request after it is sent, as a dispatcher that stops may be started again",
    reason: "nothing arrives anywhere: a test of its own shows it",
  },
];

// oxlint-disable vitest/expect-expect -- the cases assert
describe("the transport that records alone", () => {
  for (const { id, run } of transportConformance(
    recording(() => undefined),
    { skip },
  ))
    it(id, run);
});

describe("the transport that records and passes on", () => {
  for (const { id, run } of transportConformance(recording(() => createHttpTransport({ policy })))) it(id, run);
});
// oxlint-enable vitest/expect-expect

describe("beyond the kit", () => {
  const body = '{"name":"Zoë"}';
  const request = (n: number): Parameters<Transport["send"]>[0] => ({
    url: `https://acme.example/${n}`,
    headers: { "webhook-id": `msg_${n}` },
    body: Buffer.from(body),
    timeoutMs: 1_000,
  });

  it("has each request on a line, in order, also after close", async () => {
    const folder = await mkdtemp(join(tmpdir(), "outhook-transport-"));
    const path = join(folder, "sent.jsonl");
    const transport = recordingTransport({ path, now: () => Date.UTC(2026, 0, 1) });
    await Promise.all(Array.from({ length: 50 }, (_, n) => transport.send(request(n))));
    await transport.close();
    const last = await transport.send(request(50));
    const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
    const { mode } = await stat(path);
    await rm(folder, { recursive: true });
    expect(last).toEqual({ kind: "response", statusCode: 200, retryAfter: null, body: "" });
    expect(lines.map((line) => JSON.parse(line))).toEqual(
      Array.from({ length: 51 }, (_, n) => {
        const { url, headers } = request(n);
        return { at: "2026-01-01T00:00:00.000Z", url, headers, body };
      }),
    );
    expect(mode & 0o077).toBe(0);
  });

  it("blames no receiver when the file cannot be written", async () => {
    const transport = recordingTransport({ path: join(tmpdir(), "outhook-nowhere", "sent.jsonl") });
    expect(await transport.send(request(1))).toMatchObject({ kind: "local" });
  });
});
