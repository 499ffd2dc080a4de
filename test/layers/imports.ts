import { parseSync, Visitor } from "oxc-parser";

/** One import of a file: static, re-exported, dynamic or in a type, `import type` included. */
export type Import = { readonly specifier: string; readonly line: number };

type Source = { readonly type: string; readonly start: number; readonly value?: unknown };

/** The imports of a TypeScript source, in order. Throws when it does not parse or imports something computed. */
export function importsOf(path: string, text: string): readonly Import[] {
  const { program, errors } = parseSync(path, text);
  if (errors[0] !== undefined) throw new Error(`${path} does not parse: ${errors[0].message}`);
  const imports: Import[] = [];
  const add = (source: Source | null): void => {
    if (source === null) return;
    const line = text.slice(0, source.start).split("\n").length;
    if (typeof source.value !== "string") throw new Error(`${path}:${line} imports something computed; name it`);
    imports.push({ specifier: source.value, line });
  };
  new Visitor({
    ImportDeclaration: ({ source }) => add(source),
    ExportNamedDeclaration: ({ source }) => add(source),
    ExportAllDeclaration: ({ source }) => add(source),
    ImportExpression: ({ source }) => add(source),
    TSImportType: ({ source }) => add(source),
  }).visit(program);
  return imports.toSorted((a, b) => a.line - b.line);
}
