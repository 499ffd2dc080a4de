import type { ErrorClass } from "../model.ts";
import type { TestSend } from "../test-send.ts";
import { isoInstant } from "./endpoint-view.ts";

/** The attempt of a test message as the standard API shows it. */
export type AttemptView = {
  /** The `webhook-id` that the receiver got. */
  readonly message_id: string;
  readonly started_at: string;
  readonly duration_ms: number;
  /** `null` when none arrived; then `error_class` and `error` say why. */
  readonly status_code: number | null;
  readonly error_class: ErrorClass | null;
  readonly error: string | null;
  /** The `webhook-signature` that the receiver got. */
  readonly signature: string | null;
  /** At most 16 KiB. */
  readonly response_body: string | null;
};

export function attemptView(attempt: TestSend["attempt"]): AttemptView {
  return {
    message_id: attempt.messageId,
    started_at: isoInstant(attempt.startedAt),
    duration_ms: attempt.durationMs,
    status_code: attempt.statusCode,
    error_class: attempt.errorClass,
    error: attempt.error,
    signature: attempt.signature,
    response_body: attempt.responseBody,
  };
}
