import type { Account, EndpointAccount, SentMessage } from "./account.ts";
import { countsOf } from "./account.ts";
import type { EventType } from "./payloads.ts";
import { rotated, wants } from "./plan.ts";

/**
 * What is wrong with an account, in sentences; none when the demo did its job.
 *
 * What should have happened follows from the event types and the patterns alone, and is held against both the log and
 * what the receivers counted.
 */
export function faultsOf({ messages, endpoints }: Account, types: readonly EventType[]): readonly string[] {
  const unsent = types.filter((type) => !messages.some((message) => message.type === type));
  return [
    ...unsent.map((type) => `${type} was not sent`),
    ...endpoints.flatMap((account) => endpointFaults(account, messages, types)),
  ];
}

function endpointFaults(
  account: EndpointAccount,
  messages: readonly SentMessage[],
  types: readonly EventType[],
): readonly string[] {
  const { plan, deliveries, requests } = account;
  const wanted = types.filter((type) => wants(plan.patterns, type));
  const attemptsEach = plan.failures + 1;
  const { verified, rejected } = countsOf([account]);
  const fault = (holds: boolean, sentence: string): readonly string[] => (holds ? [] : [`${plan.name}: ${sentence}`]);

  return [
    ...wanted.flatMap((type) => {
      const found = deliveries.filter(({ delivery }) => delivery.type === type);
      return fault(found.length === 1, `${found.length} deliveries of ${type} in the log instead of 1`);
    }),
    ...deliveries.flatMap(({ delivery: { id, type, status }, attempts }) => [
      ...fault(
        wanted.some((one) => one === type),
        `delivery ${id} of ${type}, which it did not ask for`,
      ),
      ...fault(status === "succeeded", `delivery ${id} of ${type} is ${status}`),
      ...fault(
        attempts.length === attemptsEach,
        `delivery ${id} of ${type} took ${attempts.length} attempts instead of ${attemptsEach}`,
      ),
    ]),
    ...fault(
      verified === wanted.length * attemptsEach,
      `${verified} verified requests instead of ${wanted.length * attemptsEach}`,
    ),
    ...fault(rejected === 0, `${rejected} requests refused`),
    ...messages.flatMap(({ id, type, body, afterRotation }) => {
      const copies = requests.filter(({ headers }) => headers["webhook-id"] === id);
      const secrets = plan.name === rotated && afterRotation ? 2 : 1;
      return [
        ...fault(
          copies.every((copy) => copy.body === body),
          `a request of ${type} had another body than the log`,
        ),
        ...fault(
          copies.every(({ verifiedBy }) => verifiedBy >= secrets),
          `a request of ${type} did not verify with ${secrets} secrets`,
        ),
      ];
    }),
  ];
}
