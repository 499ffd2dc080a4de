import type { Deliveries, Messages } from "./deliveries.ts";
import type { Endpoints } from "./endpoints.ts";
import { OuthookError } from "./errors.ts";
import type { AnyEvents, EventTypeOf, PayloadOf } from "./events.ts";
import { shown } from "./shown.ts";
import type { PreparedSend, SendOptions, SendResult } from "./send.ts";

/** Everything one tenant may do. */
export type Tenant<C extends AnyEvents, Tx> = {
  /**
   * Accepts a message. Resolves once it is durable, or with `tx` once the statement has run in it.
   *
   * Throws `unknown_event_type`, `invalid_payload`, `payload_too_large`, `idempotency_mismatch`, `unsupported_transaction`,
   * `store_busy`, `store_unavailable`; then nothing was written, unless the answer of the database was lost: send again
   * with the same `idempotencyKey`.
   *
   * @example
   * const { id } = await acme.send("loan.active", { id: "ln_1" }, { idempotencyKey: "ln_1:active" });
   */
  readonly send: <Type extends EventTypeOf<C>>(
    type: Type,
    data: PayloadOf<C, Type>,
    options?: SendOptions<Tx>,
  ) => Promise<SendResult>;
  /**
   * The one SQL statement that accepts a message, for hosts whose transactions are synchronous (better-sqlite3): run it
   * in the transaction, and call `outhook.wake()` after the commit.
   *
   * @example
   * const { sql, parameters } = await acme.prepare("loan.active", { id: "ln_1" });
   * db.transaction(() => { db.prepare(sql).run(...parameters); })();
   */
  readonly prepare: <Type extends EventTypeOf<C>>(
    type: Type,
    data: PayloadOf<C, Type>,
    options?: { readonly idempotencyKey?: string | undefined },
  ) => Promise<PreparedSend>;
  readonly endpoints: Endpoints<C>;
  readonly deliveries: Deliveries;
  readonly messages: Messages;
};

/** Longest tenant id, in characters. */
const maxTenantLength = 256;

/** Checks a tenant id: 1–256 characters without control characters. Throws `invalid_tenant`. */
export function parseTenant(tenant: unknown): string {
  if (typeof tenant === "string" && tenant.length <= maxTenantLength && /^[^\p{Cc}\p{Cs}]+$/u.test(tenant))
    return tenant;
  const length = typeof tenant === "string" ? `, ${tenant.length} characters` : "";
  throw new OuthookError(
    "invalid_tenant",
    `tenant is ${shown(tenant)}${length}; it must be text of 1 to ${maxTenantLength} characters without control characters`,
    { param: "tenant" },
  );
}
