/** The links of one page that lead to other files or headings of the project, and the headings that links may lead to. */
export type PageLinks = {
  readonly links: readonly { readonly line: number; readonly path: string; readonly anchor: string | null }[];
  readonly anchors: ReadonlySet<string>;
};

/** Links of Markdown, inline and by reference; what leaves the project is left alone. */
export function linksOf(page: string): PageLinks {
  const links: PageLinks["links"][number][] = [];
  const anchors = new Set<string>();
  let fenced = false;
  for (const [index, row] of page.split("\n").entries()) {
    if (/^\s*(?:`{3}|~{3})/.test(row)) fenced = !fenced;
    if (fenced) continue;
    const [, heading] = /^#{1,6} (.*)$/.exec(row) ?? [];
    if (heading !== undefined) anchors.add(anchorOf(heading));
    const prose = row.replaceAll(/`[^`]*`/g, "");
    for (const [, inline, reference] of prose.matchAll(/\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)/g)) {
      const target = inline ?? reference ?? "";
      if (/^[a-z]+:/.test(target)) continue;
      const [path = "", anchor = null] = target.split("#");
      links.push({ line: index + 1, path, anchor });
    }
  }
  return { links, anchors };
}

/** As GitHub makes it of a heading: small letters, no punctuation, hyphens for spaces. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, "")
    .replaceAll(" ", "-");
}
