import type { Account, EndpointAccount, LoggedDelivery, SentMessage } from "./account.ts";
import { countsOf } from "./account.ts";
import { columns } from "./columns.ts";
import { rotated } from "./plan.ts";
import type { ReceivedRequest } from "./receiver.ts";

/** Tells an account in a few lines, to somebody who sees the product for the first time. */
export function storyOf({ messages, endpoints, deliveringMs }: Account): readonly string[] {
  const { deliveries, succeeded, retried, verified, rejected } = countsOf(endpoints);
  const acceptedMs = messages.map((message) => message.acceptedMs - message.calledMs);
  const arrivedMs = messages
    .map((message) => firstArrivalMs(message, endpoints) - message.calledMs)
    .filter((time) => Number.isFinite(time));
  return [
    "Outhook demo: a lender tells three systems of a partner what happens to a customer and its loans.",
    "SQLite file, HTTP and signatures are real; receivers verify with the npm package standardwebhooks.",
    "",
    ...endpointTable(endpoints),
    "",
    ...messageTable(messages, endpoints),
    "",
    ...endpoints.filter(({ plan }) => plan.name === rotated).flatMap(rotation),
    "",
    `${messages.length} sent, ${succeeded} of ${deliveries} deliveries succeeded with ${retried} retries, ${verified} requests verified, ${rejected} rejected.`,
    `Medians, cold: ${median(acceptedMs)} ms to durable, ${median(arrivedMs)} ms to the first request; ${deliveringMs.toFixed(0)} ms in all.`,
  ];
}

function endpointTable(endpoints: readonly EndpointAccount[]): readonly string[] {
  return columns(
    [
      ["ENDPOINT", "PATTERNS", "MATCHED", "DELIVERED", "RETRIES", "VERIFIED"],
      ...endpoints.map((one) => [one.plan.name, one.plan.patterns.join(" "), ...numbersOf([one])]),
      ["", "", ...numbersOf(endpoints)],
    ],
    { right: [2, 3, 4, 5] },
  );
}

function numbersOf(endpoints: readonly EndpointAccount[]): readonly number[] {
  const { deliveries, succeeded, retried, verified } = countsOf(endpoints);
  return [deliveries, succeeded, retried, verified];
}

/** What each endpoint answered to each message. */
function messageTable(messages: readonly SentMessage[], endpoints: readonly EndpointAccount[]): readonly string[] {
  return columns(
    [
      ["MESSAGE", ...endpoints.map(({ plan }) => plan.name)],
      ...messages.map((message) => [message.type, ...endpoints.map(({ deliveries }) => answers(deliveries, message))]),
    ],
    { right: [] },
  );
}

function answers(deliveries: readonly LoggedDelivery[], { id }: SentMessage): string {
  const found = deliveries.find(({ delivery }) => delivery.messageId === id);
  if (found === undefined) return "-";
  return found.attempts.map(({ statusCode, errorClass }) => statusCode ?? errorClass).join(" ");
}

function firstArrivalMs({ id }: SentMessage, endpoints: readonly EndpointAccount[]): number {
  const copies = endpoints.flatMap(({ requests }) => requests.filter(({ headers }) => headers["webhook-id"] === id));
  return Math.min(...copies.map(({ atMs }) => atMs));
}

/** The first delivery of an endpoint from the log, and one of its requests as the receiver got it. */
function rotation({ plan, deliveries, requests }: EndpointAccount): readonly string[] {
  const [first] = deliveries;
  const last = requests.at(-1);
  if (first === undefined || last === undefined) return [`${plan.name} got nothing.`];
  return [...timeline(plan.name, first), "", ...sample(plan.name, last)];
}

function timeline(name: string, { delivery, attempts }: LoggedDelivery): readonly string[] {
  const [first] = attempts;
  return [
    `${delivery.type} to ${name}, whose secret was rotated on the way, from the log:`,
    ...columns(
      attempts.map(({ number, startedAt, statusCode, errorClass, durationMs, signature }) => {
        const secrets = signature?.split(" ").length ?? 0;
        return [
          `  attempt ${number}`,
          `after ${startedAt - (first?.startedAt ?? 0)} ms`,
          `signed with ${secrets === 1 ? "1 secret" : `${secrets} secrets`}`,
          `answered ${statusCode ?? errorClass} in ${durationMs} ms`,
        ];
      }),
      { right: [1] },
    ),
  ];
}

function sample(name: string, { headers, body }: ReceivedRequest): readonly string[] {
  const indent = " ".repeat("webhook-signature: ".length + 2);
  return [
    `The last request to ${name}, with both secrets in force: ${Buffer.byteLength(body)} bytes of JSON and`,
    `  webhook-id: ${headers["webhook-id"]}`,
    `  webhook-timestamp: ${headers["webhook-timestamp"]}`,
    `  webhook-signature: ${headers["webhook-signature"].replaceAll(" ", `\n${indent}`)}`,
  ];
}

function median(times: readonly number[]): string {
  const sorted = times.toSorted((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)]?.toFixed(1) ?? "?";
}
