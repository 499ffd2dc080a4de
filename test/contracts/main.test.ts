import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createClient, textAt, valueAt } from "./client.ts";
import type { Example } from "./server.ts";
import { startExample } from "./server.ts";

/** The same request to each of the three. */
const creates = [
  { name: "dinie", base: "/dinie/v3", path: "/webhooks/endpoints", headers: { authorization: "Bearer dinie_at_demo" } },
  { name: "inklink", base: "/inklink/api/v1", path: "/webhook/endpoints", headers: { "api-key": "secret_live_demo" } },
  { name: "instavm", base: "/instavm/v1", path: "/webhooks/endpoints", headers: { "x-api-key": "instavm_sk_demo" } },
] as const;
const databases = ["dinie.db", "inklink.db", "instavm.db"];
const refusals = { dinie: 422, inklink: 400, instavm: 422 };

/** Runs something with the example, and ends it whatever happens. */
async function within(env: NodeJS.ProcessEnv, run: (example: Example) => Promise<void>): Promise<void> {
  const example = await startExample(env);
  try {
    await run(example);
  } finally {
    await example.stop();
  }
}

describe("the example", { timeout: 20_000 }, () => {
  it("prints where it listens and every credential, and ends with 0 when it is asked to", async () => {
    const { lines, stop } = await startExample();
    const code = await stop();
    for (const credential of [
      "Bearer dinie_at_demo",
      "Bearer dinie_at_other",
      "secret_live_demo",
      "secret_live_member",
      "instavm_sk_demo",
      "Bearer instavm_demo",
    ]) {
      expect(lines.join("\n")).toContain(credential);
    }
    expect(lines.at(-1)).toMatch(/^listening on http:\/\/127\.0\.0\.1:\d+$/);
    expect(code).toBe(0);
  });

  it("opens neither loopback nor plain HTTP unless it is told to", async () => {
    await within({ OUTHOOK_ALLOW: "" }, async ({ origin }) => {
      for (const { name, base, path, headers } of creates) {
        const client = createClient(origin + base, headers);
        for (const url of ["http://127.0.0.1:9/", "https://127.0.0.1:9/", "http://hooks.example.com/"]) {
          expect((await client(`POST ${path}`, { body: { url } })).status).toBe(refusals[name]);
        }
      }
    });
  });

  it("opens the ranges it is told, and no others", async () => {
    await within({ OUTHOOK_ALLOW: "127.0.0.0/8, 10.1.0.0/16" }, async ({ origin }) => {
      for (const { name, base, path, headers } of creates) {
        const client = createClient(origin + base, headers);
        expect((await client(`POST ${path}`, { body: { url: "http://10.1.2.3/" } })).status).toBeLessThan(300);
        expect((await client(`POST ${path}`, { body: { url: "http://10.2.2.3/" } })).status).toBe(refusals[name]);
      }
    });
  });

  it("keeps each API's endpoints in a database of its own", async () => {
    await within({}, async ({ origin, folder }) => {
      const names = (await readdir(folder)).filter((name) => name.endsWith(".db"));
      expect(names.toSorted()).toEqual(databases);
      const [dinie, , instavm] = creates.map(({ base, headers }) => createClient(origin + base, headers));
      const created = await dinie?.("POST /webhooks/endpoints", { body: { url: "https://hooks.example.com/" } });
      expect((await instavm?.("GET /webhooks/endpoints"))?.body).toEqual([]);
      const list = await dinie?.("GET /webhooks/endpoints");
      expect(valueAt(list?.body, "data[0].id")).toBe(textAt(created?.body, "id"));
    });
  });

  it("keeps its databases where it is told, and leaves nothing behind when it is told no place", async () => {
    const folder = await mkdtemp(join(tmpdir(), "outhook-contracts-test-"));
    const prefix = join(folder, "demo");
    const call = (origin: string) => createClient(`${origin}/instavm/v1`, { "x-api-key": "instavm_sk_demo" });
    await within({ DATABASE: prefix }, async ({ origin }) => {
      await call(origin)("POST /webhooks/endpoints", { body: { url: "https://hooks.example.com/" } });
    });
    await within({ DATABASE: prefix }, async ({ origin }) => {
      expect((await call(origin)("GET /webhooks/endpoints")).body).toHaveLength(1);
    });
    const kept = await readdir(folder);
    expect(kept.filter((name) => name.endsWith(".db")).toSorted()).toEqual(databases.map((name) => `demo.${name}`));

    await within({ DATABASE: undefined, TMPDIR: folder }, async ({ origin }) => {
      expect((await call(origin)("GET /webhooks/endpoints")).body).toEqual([]);
      expect((await readdir(folder)).length).toBeGreaterThan(kept.length);
    });
    expect(await readdir(folder)).toEqual(kept);
    await rm(folder, { recursive: true });
  });

  it("has nothing beside its APIs", async () => {
    await within({}, async ({ origin }) => {
      for (const path of ["/", "/dinie", "/dinie/v3x/webhooks/endpoints", "/instavm/v2/webhooks/endpoints"]) {
        expect((await fetch(origin + path)).status).toBe(404);
      }
    });
  });
});

describe("the contracts", () => {
  it.each(["dinie", "inklink", "instavm"])("%s is one file of at most 120 lines", async (name) => {
    const path = join(import.meta.dirname, `../../examples/contracts/${name}/contract.ts`);
    expect((await readFile(path, "utf8")).split("\n").length).toBeLessThanOrEqual(120);
  });
});
