import { describe, expect, it } from "vitest";
import { createHandler } from "../../src/http/index.ts";
import { createOuthook, memoryStore } from "../../src/index.ts";

const mebibyte = 1_048_576;
const logged: unknown[] = [];
const logger = {
  warn: () => undefined,
  error: (details: Readonly<Record<string, unknown>>) => void logged.push(details["error"]),
};
const outhook = createOuthook({ store: memoryStore(), secretKeys: "plaintext", logger });
await outhook.migrate();
const handler = createHandler(outhook, { authenticate: () => ({ tenant: "acme", can: "manage" }) });

function post(init: RequestInit): Request {
  const headers = { "content-type": "application/json", ...init.headers };
  return new Request("http://127.0.0.1/endpoints", { method: "POST", ...init, headers });
}

describe("createHandler", () => {
  it("holds a body to the limit that has a smaller length declared", async () => {
    const request = post({ headers: { "content-length": "2" }, body: " ".repeat(5 * mebibyte) });
    const response = await handler(request);
    expect([response.status, await response.json()]).toEqual([
      413,
      expect.objectContaining({ code: "body_too_large" }),
    ]);
  });

  it("lets the rest of a body that is too large flow on, so that its sender gets to read the answer", async () => {
    let body: ReadableStream<Uint8Array> | null = null;
    const ended = new Promise<string>((resolve) => {
      let pulled = 0;
      body = new ReadableStream({
        pull: (controller) => {
          pulled += 1;
          if (pulled <= 4) controller.enqueue(new Uint8Array(mebibyte));
          else {
            controller.close();
            resolve("read to its end");
          }
        },
        cancel: () => resolve("cancelled"),
      });
    });
    expect((await handler(post({ body, duplex: "half" }))).status).toBe(413);
    expect(await ended).toBe("read to its end");
  });

  it("does not blame the caller for a body that the host has read", async () => {
    const request = post({ body: '{"url":"https://hooks.example.com/"}' });
    await request.text();
    logged.length = 0;
    const response = await handler(request);
    expect([response.status, await response.json()]).toEqual([500, expect.objectContaining({ code: "internal" })]);
    expect(logged).toEqual([expect.objectContaining({ hint: expect.stringContaining("mount the API before") })]);
  });
});
