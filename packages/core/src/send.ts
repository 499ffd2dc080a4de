import { hash } from "node:crypto";
import { checkOptions } from "./check-options.ts";
import { OuthookError } from "./errors.ts";
import type { AnyEvents } from "./events.ts";
import { checkEventType, validatePayload } from "./events.ts";
import { createGroupCommit } from "./group-commit.ts";
import { newId } from "./id.ts";
import { parseIdempotencyKey } from "./idempotency.ts";
import type { Settings } from "./settings.ts";
import { partitionOf } from "./partition.ts";
import { encodePayload } from "./payload.ts";
import type { InsertOutcome, MessageStore, NewMessage, SqlStatement } from "./store/messages.ts";

/** Options of `send`. */
export type SendOptions<Tx> = {
  /** The host's transaction: the message exists if and only if that commits. Call `outhook.wake()` after the commit. */
  readonly tx?: Tx | undefined;
  /** The same key and payload again names the first message; with another payload it is `idempotency_mismatch`. */
  readonly idempotencyKey?: string | undefined;
};

/** The accepted message. */
export type SendResult = {
  /** The `webhook-id` of every request it causes. */
  readonly id: string;
  /** True when the idempotency key had been used with this payload before; `id` is the first message's. */
  readonly duplicate: boolean;
};

/**
 * A message as one SQL statement that the host runs in its own, synchronous transaction.
 *
 * With an idempotency key the statement never fails: run it with `get()`, and compare the `id` of the row it returns with
 * this `id`. Another id means that the key was used before, and that no message was written.
 */
export type PreparedSend = SqlStatement & { readonly id: string };

/** Accepts messages. */
export type Sender<Tx> = {
  readonly send: (tenant: string, type: string, data: unknown, options: SendOptions<Tx>) => Promise<SendResult>;
  readonly prepare: (
    tenant: string,
    type: string,
    data: unknown,
    options: { readonly idempotencyKey?: string | undefined },
  ) => Promise<PreparedSend>;
};

export function createSender<Tx>(input: {
  readonly messages: MessageStore<Tx>;
  readonly catalogue: AnyEvents | null;
  readonly settings: Settings;
  /** Called when a message without `tx` is durable. */
  readonly onAccepted: (message: NewMessage) => void;
}): Sender<Tx> {
  const { messages, catalogue, settings, onAccepted } = input;
  const groupCommit = createGroupCommit((batch, wait) => messages.insert({ messages: batch, ...wait }), {
    maxWaiting: settings.waitingSends,
    monotonic: settings.clock.monotonic,
  });

  const record = (tenant: string, type: string, validated: unknown, key: string | null): NewMessage => {
    const payload = encodePayload(validated);
    const id = newId(settings.idPrefixes.message);
    const createdAt = settings.clock.now();
    const body = envelope(settings, { id, type, tenant, createdAt, validated, payload });
    checkSize(body, settings.bodyBytes);
    return {
      id,
      partition: partitionOf(tenant, key ?? id, settings.layout),
      tenant,
      type,
      body,
      createdAt,
      idempotencyKey: key,
      payloadHash: key === null ? null : hash("sha256", `${type}\n${payload}`, "hex"),
    };
  };

  const compose = async (
    tenant: string,
    type: string,
    data: unknown,
    idempotencyKey: string | undefined,
  ): Promise<NewMessage> => {
    const key = idempotencyKey === undefined ? null : parseIdempotencyKey(idempotencyKey);
    if (catalogue !== null) return record(tenant, type, await validatePayload(catalogue, type, data), key);
    // Before anything is awaited, so that the message holds the payload as it was at the call.
    checkEventType(type);
    return record(tenant, type, data, key);
  };

  return {
    send: async (tenant, type, data, options) => {
      checkOptions("", options, ["tx", "idempotencyKey"]);
      const message = await compose(tenant, type, data, options.idempotencyKey);
      if (options.tx === undefined) {
        const outcome = await groupCommit.add(message);
        if (outcome.outcome === "inserted") onAccepted(message);
        return resultOf(message, outcome);
      }
      const [outcome] = await messages.insert({ messages: [message], tx: options.tx });
      return resultOf(message, outcome);
    },
    prepare: async (tenant, type, data, options) => {
      checkOptions("", options, ["idempotencyKey"]);
      const message = await compose(tenant, type, data, options.idempotencyKey);
      return { id: message.id, ...messages.statement(message) };
    },
  };
}

function resultOf(message: NewMessage, outcome: InsertOutcome | undefined): SendResult {
  switch (outcome?.outcome) {
    case "duplicate":
      return { id: outcome.id, duplicate: true };
    case "mismatch":
      throw new OuthookError(
        "idempotency_mismatch",
        `idempotencyKey was used before for message ${outcome.id} with another type or payload; ` +
          "use a new key for a new message, or send the same payload",
        { param: "idempotencyKey" },
      );
    case "inserted":
      return { id: message.id, duplicate: false };
    case undefined:
      throw new OuthookError("internal", "the store answered for no message");
  }
}

/** The body of a message: `{ type, timestamp, data }`, or what `wire.envelope` makes of it. */
export function envelope(
  settings: Settings,
  made: {
    readonly id: string;
    readonly type: string;
    readonly tenant: string;
    readonly createdAt: number;
    readonly validated: unknown;
    readonly payload: string;
  },
): string {
  const timestamp = new Date(made.createdAt);
  if (settings.envelope === null) {
    return `{"type":"${made.type}","timestamp":"${timestamp.toISOString()}","data":${made.payload}}`;
  }
  const { id, type, tenant, validated } = made;
  return encodePayload(settings.envelope({ id, type, tenant, timestamp, data: validated }));
}

function checkSize(body: string, limit: number): void {
  // A UTF-16 unit takes at most three bytes, so most bodies need no count.
  if (body.length * 3 <= limit) return;
  const bytes = Buffer.byteLength(body);
  if (bytes <= limit) return;
  throw new OuthookError(
    "payload_too_large",
    `the body would be ${bytes} bytes, more than the ${limit} allowed; send an id or a link instead of the whole`,
    { param: "data", hint: "limits.bodyBytes raises the limit" },
  );
}
