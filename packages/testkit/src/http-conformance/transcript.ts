import { AssertionError } from "node:assert";
import type { Exchange } from "./checks.ts";

/** Longest text of a body that is shown. */
const shownLength = 1_500;
/** How many exchanges are shown. */
const shownCount = 3;

/** Adds the last requests and answers to the message of a failed assertion. Any other error stays as it is. */
export function withTranscript(error: unknown, exchanges: readonly Exchange[]): unknown {
  if (!(error instanceof AssertionError)) return error;
  const { message, stack = "" } = error;
  const told = [message, ...exchanges.slice(-shownCount).map(textOf)].join("\n\n");
  error.message = told;
  // Where it was thrown stays, which a new error would not tell.
  error.stack = stack.replace(message, () => told);
  return error;
}

function textOf({ method, path, asked, answer }: Exchange): string {
  const headers = Object.entries(answer.headers).map(([name, value]) => `${name}: ${value}`);
  return [
    `→ ${method} ${cut(path, 200)}`,
    cut(asked, shownLength),
    `← ${answer.status}`,
    ...headers,
    cut(answer.text, shownLength),
  ].join("\n");
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}… (${text.length} characters)`;
}
