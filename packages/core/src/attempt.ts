import type { Attempt, Outcome } from "./model.ts";

/** The `error` of a `lost` attempt. It may have been sent or not: a dispatcher holds some claims back for a moment. */
export const lostError = "The dispatcher that held this delivery stopped, so nobody knows whether the receiver saw it.";

/** What an attempt records of its outcome. */
export type AttemptOutcome = Pick<Attempt, "statusCode" | "errorClass" | "error" | "responseBody">;

/** What to record of an outcome; `null` for a local one, which is no attempt. */
export function attemptOf(outcome: Outcome): AttemptOutcome | null {
  switch (outcome.kind) {
    case "response":
      return {
        statusCode: outcome.statusCode,
        errorClass: null,
        error: null,
        // Postgres refuses U+0000 in text, and one receiver's answer must not fail the whole batch it is settled in.
        responseBody: outcome.body.replaceAll("\0", "\uFFFD"),
      };
    case "error":
      return { statusCode: null, errorClass: outcome.errorClass, error: outcome.message, responseBody: null };
    case "local":
      return null;
  }
}
