import assert from "node:assert/strict";

/** An answer's text and what its request said. */
export type Told = {
  readonly text: string;
  /** Everything the caller sent: it may be shown again. */
  readonly asked: string;
};

/** What nobody outside may learn from an answer. */
const hidden: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  { what: "a stack trace", pattern: /\\n\s*at |\bat (?:async |new )?[\w.<>]+ \(|node:internal|\.[cm]?[jt]s:\d+/g },
  {
    what: "SQL",
    pattern: /\b(?:select\b.{1,200}\bfrom|insert into|update\b.{1,200}\bset|delete from)\b|constraint failed|sqlite/gi,
  },
  { what: "a table", pattern: /outhook_\w+/g },
  {
    what: "a file",
    pattern: /file:\/\/[^"\\\s]*|node_modules|(?<![\w.:/~-])\/(?:etc|home|opt|srv|tmp|usr|var)\/[\w./-]+/g,
  },
];

/** The one of the specification's examples, which an API's description may show. */
const exampleSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

const secret = /whs(?:ec|k)_[A-Za-z0-9+/]{16,}/g;
const addresses = /\b\d{1,3}(?:\.\d{1,3}){3}\b|(?<![\w:])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}/gi;

/** Asserts that an answer shows nothing of the inside, and a secret only where one was made. */
export function checkLeaks(told: Told, options: { readonly secretMade: boolean; readonly refused: boolean }): void {
  for (const { what, pattern } of hidden) assertHidden(told, pattern, what);
  if (!options.secretMade) assertHidden({ ...told, asked: told.asked + exampleSecret }, secret, "a secret");
  // What a name or a number stands for is not the caller's to learn where it is refused.
  if (options.refused) assertHidden(told, addresses, "an address");
}

function assertHidden({ text, asked }: Told, pattern: RegExp, what: string): void {
  const said = asked.toLowerCase();
  const found = text.match(pattern)?.find((part) => !said.includes(part.toLowerCase()));
  assert.equal(found, undefined, `no answer shows ${what}`);
}
