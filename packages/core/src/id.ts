import { hash } from "node:crypto";
import { v7 } from "uuid";

/** What each kind of id starts with; receivers see the one of messages as the head of `webhook-id`. */
export type IdPrefixes = { readonly message: string; readonly endpoint: string };

/** Makes ids: the prefix and 32 hexadecimal digits of a UUID v7, so that ids sort by the time they were made. */
export function newId(prefix: string): string {
  return prefix + v7().replaceAll("-", "");
}

/**
 * The id of the delivery of one message to one endpoint: `dlv_` and 32 hexadecimal digits.
 *
 * It follows from the pair, so that fanning out twice names the same delivery. The first half is the first half of
 * the message's id, so that deliveries sort by the age of their message and those of one message lie together.
 */
export function deliveryIdOf(messageId: string, endpointId: string): string {
  return `${deliveryIdHeadOf(messageId)}${hash("sha256", `${messageId}.${endpointId}`, "hex").slice(0, 16)}`;
}

/** What the ids of all deliveries of a message begin with, and those of few others: so a store finds them by their key. */
export function deliveryIdHeadOf(messageId: string): string {
  return `dlv_${messageId.slice(-32, -16)}`;
}

/** True for text of the form of our ids: a prefix and 32 hexadecimal digits. Nothing else is worth a question to the store. */
export function isId(value: unknown): value is string {
  return typeof value === "string" && /^[A-Za-z0-9_-]{0,64}[0-9a-f]{32}$/.test(value);
}
