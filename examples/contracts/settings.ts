import type { NetworkOptions } from "@outhook/core";
import type { RateLimit } from "@outhook/core/http";
import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { perMinute } from "./rate-limit.ts";

const { PORT = "3000", DATABASE = "", OUTHOOK_ALLOW = "", RATE_LIMIT = "" } = process.env;

export const port = Number(PORT);

/** `OUTHOOK_ALLOW=127.0.0.0/8,10.1.0.0/16` opens these ranges, also to plain HTTP. */
export const network: NetworkOptions =
  OUTHOOK_ALLOW === "" ? {} : { allow: OUTHOOK_ALLOW.split(",").map((range) => range.trim()), allowHttp: true };

/** `RATE_LIMIT=600` allows a tenant so many requests a minute. */
export const rateLimit: RateLimit<unknown> | undefined = RATE_LIMIT === "" ? undefined : perMinute(Number(RATE_LIMIT));

/** `DATABASE` is a folder, or what the files' names begin with. Without it they lie in a folder that goes at the end. */
export async function openDatabases(): Promise<{
  readonly pathOf: (api: string) => string;
  readonly cleanUp: () => Promise<void>;
}> {
  if (DATABASE === "") {
    const folder = await mkdtemp(join(tmpdir(), "outhook-contracts-"));
    return { pathOf: (api) => join(folder, `${api}.db`), cleanUp: () => rm(folder, { recursive: true, force: true }) };
  }
  if (DATABASE.endsWith("/")) await mkdir(DATABASE, { recursive: true });
  const isFolder = (await stat(DATABASE).catch(() => null))?.isDirectory() === true;
  return {
    pathOf: (api) => (isFolder ? join(DATABASE, `${api}.db`) : `${DATABASE}.${api}.db`),
    cleanUp: async () => undefined,
  };
}
