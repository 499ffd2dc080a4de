/** Lints the description of the API with the recommended rules of Redocly: as it lies here, and as hosts serve it. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AnyEvents, OuthookOptions } from "@outhook/core";
import { createOuthook, defineEvents, memoryStore } from "@outhook/core";
import { createHandler } from "@outhook/core/http";
import { z } from "zod";
import { report } from "./report.ts";
import { run } from "./run.ts";

const root = join(import.meta.dirname, "..");
// The linter would else send home what it was asked to do.
const config = "extends: [recommended]\ntelemetry: off\n";

const money = z.object({ amount: z.int(), currency: z.string() }).meta({ id: "Money" });
const comment = z.object({
  text: z.string(),
  get replies() {
    return z.array(comment);
  },
});
const events = defineEvents({
  "loan.active": z.object({ id: z.string(), principal: money, fee: money }),
  "loan.commented": comment,
  "loan.expired": z.object({ at: z.date() }),
  ping: z.object({}),
});

await report("openapi", async () => {
  const folder = await mkdtemp(join(tmpdir(), "outhook-openapi-"));
  try {
    await writeFile(join(folder, "redocly.yaml"), config);
    const documents = {
      "as-it-lies.json": await readFile(join(root, "packages/core/src/http/openapi.json"), "utf8"),
      "without-catalogue.json": await served({}),
      "with-catalogue.json": await served({ events }),
      "with-own-envelope.json": await served({ events, wire: { envelope: ({ data }) => data } }),
    };
    for (const [name, text] of Object.entries(documents)) await writeFile(join(folder, name), text);
    return Object.keys(documents).flatMap((name) => lintFaults(name, folder));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

async function served(options: Partial<OuthookOptions<AnyEvents, never>>): Promise<string> {
  const outhook = createOuthook({ store: memoryStore(), secretKeys: "plaintext", ...options });
  const handler = createHandler(outhook, { authenticate: () => ({ tenant: "acme", can: "view" }) });
  return await (await handler(new Request("http://localhost/openapi.json"))).text();
}

/** What the linter has to say, one a line; of errors it says so by failing. Warnings count as much. */
function lintFaults(name: string, folder: string): readonly string[] {
  try {
    const output = run("redocly", ["lint", name, "--format=stylish", "--max-problems=1000"], { cwd: folder });
    return output.trim() === "" ? [] : [output.trim()];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}
