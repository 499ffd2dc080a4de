import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { Manifest } from "./public-packages.ts";

/** A package to serve: its manifest as it was packed, and its tarball. */
export type ServedPackage = { readonly manifest: Manifest; readonly tarball: string };

/** A package registry on this machine with nothing but these packages. */
export type LoopbackRegistry = { readonly url: string; readonly close: () => Promise<void> };

/** Lets package managers install what is not published yet, in the way in which users will: by name and range. */
export async function startLoopbackRegistry(packages: readonly ServedPackage[]): Promise<LoopbackRegistry> {
  const answers = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const answer = answers.get(decodeURIComponent(request.url ?? ""));
    response.writeHead(answer === undefined ? 404 : 200).end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the registry does not listen");
  const url = `http://127.0.0.1:${address.port}`;
  for (const { manifest, tarball } of packages) {
    const { name, version } = manifest;
    const bytes = await readFile(tarball);
    const path = `/${name}/-/${version}.tgz`;
    const integrity = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
    const versions = { [version]: { ...manifest, dist: { tarball: url + path, integrity } } };
    // Package managers may refuse what was published a moment ago.
    const time = { [version]: "2020-01-01T00:00:00.000Z" };
    answers.set(path, bytes);
    answers.set(`/${name}`, Buffer.from(JSON.stringify({ name, "dist-tags": { latest: version }, versions, time })));
  }
  return {
    url,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
