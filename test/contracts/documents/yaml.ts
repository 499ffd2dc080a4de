type Line = { readonly indent: number; readonly text: string };

/** Reads the part of YAML that the documents use: blocks, folded text, quotes, `[]` and `{}`. */
export function parseYaml(text: string): unknown {
  const lines = text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line): Line => ({ indent: line.length - line.trimStart().length, text: line.trim() }));
  const value = block(lines, 0);
  if (lines.length > 0) throw new Error(`this line stands nowhere: ${lines[0]?.text}`);
  return value;
}

/** Takes the lines of a mapping or a sequence off the front. */
function block(lines: Line[], indent: number): unknown {
  return lines[0]?.text.startsWith("- ") === true ? sequence(lines, indent) : mapping(lines, indent);
}

function sequence(lines: Line[], indent: number): readonly unknown[] {
  const items: unknown[] = [];
  for (let [line] = lines; line?.indent === indent && line.text.startsWith("- "); [line] = lines) {
    const text = line.text.slice(2);
    if (entryOf(text) === null) {
      items.push(scalar(text));
      lines.shift();
    } else {
      lines[0] = { indent: indent + 2, text };
      items.push(mapping(lines, indent + 2));
    }
  }
  return items;
}

function mapping(lines: Line[], indent: number): Readonly<Record<string, unknown>> {
  const entries: [string, unknown][] = [];
  for (let [line] = lines; line?.indent === indent && !line.text.startsWith("- "); [line] = lines) {
    const entry = entryOf(line.text);
    if (entry === null) throw new Error(`this line has no key: ${line.text}`);
    lines.shift();
    entries.push([String(scalar(entry.key)), valueOf(entry.rest, lines, indent)]);
  }
  return Object.fromEntries(entries);
}

function valueOf(rest: string, lines: Line[], indent: number): unknown {
  if (rest === "") return block(lines, lines[0]?.indent ?? 0);
  return rest === ">-" ? folded(lines, indent) : scalar(rest);
}

function folded(lines: Line[], indent: number): string {
  const texts: string[] = [];
  for (let [line] = lines; line !== undefined && line.indent > indent; [line] = lines) {
    texts.push(line.text);
    lines.shift();
  }
  return texts.join(" ");
}

function entryOf(text: string): { readonly key: string; readonly rest: string } | null {
  const [, key, rest = ""] = /^('[^']*'|[^\s'][^:]*):(?: (.*))?$/.exec(text) ?? [];
  return key === undefined ? null : { key, rest: rest.trim() };
}

function scalar(text: string): unknown {
  if (/^'.*'$/.test(text)) return text.slice(1, -1);
  if (/^\d+$/.test(text)) return Number(text);
  const words: Readonly<Record<string, unknown>> = { true: true, false: false, "[]": [], "{}": {} };
  return text in words ? words[text] : text;
}
