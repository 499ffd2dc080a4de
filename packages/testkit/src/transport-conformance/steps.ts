import type { ErrorClass, Outcome, Transport, TransportRequest } from "@outhook/core";
import assert, { AssertionError } from "node:assert/strict";

type Response = Extract<Outcome, { readonly kind: "response" }>;

/** What a body may have at most, in bytes. */
export const maxBodyBytes: number = 16 * 1024;
/** How long a case waits for an outcome after its deadline. */
const graceMs = 1_500;

/** Sends a request to a URL, and gives its outcome. Fails when `send` rejects, or its deadline passes unseen. */
export async function send(
  transport: Transport,
  url: string,
  { headers = { "webhook-id": "msg_1" }, body = Buffer.from("{}"), timeoutMs = 3_000 }: Partial<TransportRequest> = {},
): Promise<Outcome> {
  return await within(timeoutMs + graceMs, transport.send({ url, headers, body, timeoutMs }));
}

/** As `send`, for a request that must be answered. */
export async function answered(...request: Parameters<typeof send>): Promise<Response> {
  const outcome = await send(...request);
  assert.ok(outcome.kind === "response", `there is a response, not ${said(outcome)}`);
  return outcome;
}

/** Checks that an outcome is an error of one of these classes, with words for people. */
export function assertError(outcome: Outcome, ...classes: readonly ErrorClass[]): void {
  assert.ok(outcome.kind === "error", `there is an error, not ${said(outcome)}`);
  assert.notEqual(outcome.message, "", "an error says in words what happened");
  if (classes.length > 0) {
    assert.ok(classes.includes(outcome.errorClass), `its class is ${classes.join(" or ")}, not ${said(outcome)}`);
  }
}

/** What a promise resolves to, which must be within this time. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new AssertionError({ message: `nothing came of it within ${ms} ms` })), ms);
  });
  try {
    return await Promise.race([work.catch(rejected), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What work resolves to, and how long it took, with what it did before it first gave way. */
export async function timed<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly ms: number }> {
  const startedAt = performance.now();
  const result = await work();
  return { result, ms: performance.now() - startedAt };
}

function rejected(error: unknown): never {
  throw new AssertionError({ message: `the transport rejected: ${String(error)}` });
}

function said(outcome: Outcome): string {
  const { kind, ...rest } = outcome;
  return `${kind} ${JSON.stringify(rest).slice(0, 200)}`;
}
