import type { EventType, Pattern } from "./payloads.ts";

/** An endpoint of the demo, and how its receiver behaves. */
export type Plan = {
  readonly name: string;
  readonly patterns: readonly Pattern[];
  /** To how many requests of each message the receiver answers 503 before it answers 200. */
  readonly failures: number;
};

/** The three endpoints. The patterns of the second are the example in the lender's own documentation. */
export const plans: readonly Plan[] = [
  { name: "warehouse", patterns: ["*"], failures: 0 },
  { name: "storefront", patterns: ["customer.active", "credit_offer.available", "loan.*"], failures: 2 },
  { name: "collections", patterns: ["loan.*"], failures: 0 },
];

/** Whose secret is rotated half-way. */
export const rotated = "storefront";

/** Seconds before each retry. A real app keeps the default: 1 min, 5 min, 15 min, 1 h, 6 h. */
export const scheduleSeconds: readonly number[] = [0.05, 0.1];

/**
 * Whether an endpoint with these patterns wants an event type: what the demo expects, said without asking the library.
 */
export function wants(patterns: readonly Pattern[], type: EventType): boolean {
  return patterns.some(
    (pattern) =>
      pattern === "*" || pattern === type || (pattern.endsWith(".*") && type.startsWith(pattern.slice(0, -1))),
  );
}
