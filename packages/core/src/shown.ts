/** A value as messages show it: text in quotes, escaped and cut to 60 characters; what is not a primitive by its sort. */
export function shown(value: unknown): string {
  if (typeof value === "string") return `"${shortened(value, 60)}"`;
  if (typeof value === "bigint") return "a BigInt";
  if (typeof value === "symbol" || typeof value === "function") return `a ${typeof value}`;
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  return String(value);
}

/** Text with invisible characters escaped, cut to `length` characters between two characters as shown. */
export function shortened(text: string, length: number): string {
  const pieces = Array.from(text.slice(0, length), visible);
  const whole = pieces.join("");
  if (text.length <= length && whole.length <= length) return whole;
  let kept = "";
  for (const piece of pieces) {
    if (kept.length + piece.length >= length) break;
    kept += piece;
  }
  return `${kept}…`;
}

/** What was thrown, as the end of a message. */
export function reasonOf(cause: unknown): string {
  return cause instanceof Error ? shortened(cause.message, 120) : shown(cause);
}

function visible(character: string): string {
  if (!/[\p{C}\p{Zl}\p{Zp}]/u.test(character)) return character;
  const json = JSON.stringify(character).slice(1, -1);
  return json === character ? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}` : json;
}
