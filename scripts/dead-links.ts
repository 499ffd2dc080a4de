import { existsSync } from "node:fs";
import { join, posix } from "node:path";
import type { PageLinks } from "./markdown-links.ts";
import { linksOf } from "./markdown-links.ts";

/** The links that lead to no file below `root`, or to no heading, as `page:line: fault`. `pages` are texts by path. */
export function deadLinks(root: string, pages: ReadonlyMap<string, string>): readonly string[] {
  const known = new Map<string, PageLinks>([...pages].map(([path, text]) => [path, linksOf(text)]));
  const faults: string[] = [];
  for (const [page, { links }] of known) {
    for (const { line, path, anchor } of links) {
      const target = path === "" ? page : posix.join(posix.dirname(page), decodeURI(path));
      const anchors = known.get(target)?.anchors;
      if (!existsSync(join(root, target))) faults.push(`${page}:${line}: there is no ${target}`);
      else if (anchor !== null && anchors?.has(anchor) === false)
        faults.push(`${page}:${line}: there is no heading #${anchor} in ${target}`);
    }
  }
  return faults;
}
