import type { StoredAnswer } from "../model.ts";
import type { Tables } from "./tables.ts";
import { keyOf } from "./tables.ts";

/** The answer of that name, unless it has expired at `now`. */
export function answerOf(
  { answers }: Tables,
  {
    tenant,
    scope,
    key,
    now,
  }: { readonly tenant: string; readonly scope: string; readonly key: string; readonly now: number },
): StoredAnswer | null {
  const answer = answers.get(keyOf(tenant, scope, key));
  return answer === undefined || answer.expiresAt <= now ? null : { ...answer };
}

/** True when there is an answer of that name already. */
export function isAnswered(tables: Tables, answer: StoredAnswer | undefined): boolean {
  return answer !== undefined && answerOf(tables, { ...answer, now: answer.createdAt }) !== null;
}

/** Writes an answer and removes those that have expired: they hold sealed secrets. */
export function keepAnswer({ answers }: Tables, answer: StoredAnswer | undefined): void {
  if (answer === undefined) return;
  for (const [name, { expiresAt }] of answers) {
    if (expiresAt <= answer.createdAt) answers.delete(name);
  }
  answers.set(keyOf(answer.tenant, answer.scope, answer.key), { ...answer });
}
