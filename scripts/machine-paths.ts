/** A home, work or root folder of some machine, or a registry's address. */
const patterns = [
  /(?<![\w.:/~}$-])\/(?:home|Users|work|root)\/[\w.-]+/g,
  /(?<!\w)[A-Za-z]:\\Users\\\w+/g,
  /https?:\/\/registry\.[\w.-]+/g,
];

/** What of a text names a machine it was written on, as `line: what`. */
export function machinePathsOf(text: string): readonly string[] {
  return text
    .split("\n")
    .flatMap((line, index) =>
      patterns.flatMap((pattern) => line.match(pattern) ?? []).map((path) => `${index + 1}: ${path}`),
    );
}
