/** The TypeScript of one page by file name, each line where the page has it; and the fences that hide from the check. */
export type PagePrograms = { readonly programs: ReadonlyMap<string, string>; readonly faults: readonly string[] };

/** A fenced block: what follows its ticks, and the lines it stands on, its fences included, counted from 0. */
type Block = { readonly info: string; readonly start: number; readonly end: number };

const script = /^(?:ts|typescript|tsx|mts|cts|js|javascript|jsx|mjs|cjs)(?:\s|$)/i;

/**
 * Takes the fenced `ts` blocks out of a Markdown page. Each stands alone, unless its fence names a file (` ```ts app.ts`):
 * blocks of one name are one file, and others may import it as `./app.ts`. No other mark exists, so none can opt out.
 */
export function programsOf(page: string): PagePrograms {
  const lines = page.split("\n");
  const programs = new Map<string, string[]>();
  const faults: string[] = [];
  for (const { info, start, end } of blocksOf(lines)) {
    const line = start + 1;
    if (end === lines.length) faults.push(`${line}: the fence is not closed`);
    if (!script.test(info)) continue;
    const [, name = `${line}.ts`] = /^ts(?:\s+([\w-]+\.ts))?$/.exec(info) ?? [info, null];
    if (name === null)
      faults.push(`${line}: the fence "${info}" is not checked: write "ts", or "ts name.ts" to share a file`);
    else {
      const program = programs.get(name) ?? lines.map(() => "");
      program.splice(line, end - line, ...lines.slice(line, end));
      programs.set(name, program);
    }
  }
  return {
    programs: new Map([...programs].map(([name, program]) => [name, `${program.join("\n")}\nexport {};\n`])),
    faults,
  };
}

function blocksOf(lines: readonly string[]): readonly Block[] {
  const blocks: Block[] = [];
  for (let start = 0; start < lines.length; start += 1) {
    const [, ticks, info] = /^\s*(`{3,}|~{3,})(.*)$/.exec(lines[start] ?? "") ?? [];
    if (ticks === undefined || info === undefined) continue;
    const closing = lines.findIndex((line, index) => index > start && line.trim() === ticks);
    const end = closing === -1 ? lines.length : closing;
    blocks.push({ info: info.trim(), start, end });
    start = end;
  }
  return blocks;
}
