import type { Transport } from "@outhook/core";
import { setTimeout as delay } from "node:timers/promises";
import { fetchTransport } from "./fetch-transport.ts";
import type { TransportMutant } from "./mutant.ts";
import { answering, failing, repeating, sending } from "./mutant.ts";
import { socketTransport } from "./socket-transport.ts";

const failures = [
  "a refused connection",
  "a host name that leads nowhere",
  "a connection that ends before the answer",
  "an answer that is no HTTP",
  "a receiver without TLS behind an https: URL",
];
const classes = ["connection_refused", "dns", "connection_reset", "invalid_response", "tls"];

export const transportMutants: readonly TransportMutant[] = [
  {
    fault: "the query is cut off",
    caughtBy: ["request/it is one POST to the path and query of its URL"],
    plant: sending(({ url }) => ({ url: url.replace(/\?.*/, "") })),
  },
  {
    fault: "of several signatures the first is sent",
    caughtBy: ["request/it has the headers that it was given, each once and as it was"],
    plant: sending(({ headers }) => ({
      headers: { ...headers, "webhook-signature": headers["webhook-signature"]?.split(" ")[0] ?? "" },
    })),
  },
  {
    fault: "the body is read as JSON and written again",
    caughtBy: ["request/its body arrives byte for byte, and its length is said"],
    plant: sending(({ body }) => ({ body: Buffer.from(JSON.stringify(JSON.parse(Buffer.from(body).toString()))) })),
  },
  {
    fault: "it sends credentials of its own",
    caughtBy: ["request/it carries no cookies and no credentials that it was not given"],
    plant: sending(({ headers }) => ({ headers: { ...headers, authorization: "Bearer own" } })),
  },
  {
    fault: "line ends in a header become spaces",
    caughtBy: ["request/a header that would end its line is not sent"],
    plant: sending(({ headers }) => ({
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name, value.replaceAll(/\s+/g, " ")]),
      ),
    })),
  },
  {
    fault: "one request at a time",
    caughtBy: ["request/many are under way at once, and each gets its own answer"],
    plant: ({ send, close }) => {
      let last: Promise<unknown> = Promise.resolve();
      return { send: (request) => (last = last.then(() => send(request))) as ReturnType<typeof send>, close };
    },
  },
  {
    fault: "a status of 400 or more is an error",
    caughtBy: ["response/a status is an answer, whatever it says"],
    plant: answering((response) =>
      response.statusCode < 400 ? response : { kind: "error", errorClass: "network", message: "refused" },
    ),
  },
  {
    fault: "redirects are followed",
    caughtBy: ["response/a redirect is an answer and is not followed"],
    plant: () => fetchTransport("follow"),
  },
  {
    fault: "Retry-After is a number",
    caughtBy: ["response/Retry-After comes as it was sent, or as null"],
    plant: answering((response) => ({ ...response, retryAfter: String(Number(response.retryAfter)) })),
  },
  {
    fault: "a body is Latin 1",
    caughtBy: ["response/its body comes as text, and what is no UTF-8 is replaced"],
    plant: answering((response) => ({ ...response, body: Buffer.from(response.body).toString("latin1") })),
  },
  {
    fault: "the first KiB of a body is kept",
    caughtBy: [
      "response/of a long body the first 16 KiB are kept",
      "response/a body without end is not read to its deadline",
    ],
    plant: answering((response) => ({ ...response, body: response.body.slice(0, 1_024) })),
  },
  {
    fault: "bodies are read to their end",
    caughtBy: [
      "response/of a long body the first 16 KiB are kept",
      "response/a body without end is not read to its deadline",
      "response/the status line decides, also when the body is cut short",
      "deadline/a body that drips without end is an answer by then",
    ],
    plant: () => fetchTransport("manual"),
  },
  {
    fault: "the first status line is the answer",
    caughtBy: ["response/what comes before the answer, such as an early hint, is not the answer"],
    plant: () => socketTransport,
  },
  {
    fault: "any certificate will do",
    caughtBy: ["failure/a certificate that nobody trusts is refused before the request is sent"],
    plant: () => socketTransport,
  },
  {
    fault: "what a receiver could not do is asked for again",
    caughtBy: ["once/a refusal by status is not repeated"],
    plant: repeating((outcome) => outcome.kind === "response" && outcome.statusCode >= 500),
  },
  {
    fault: "what was cut off is sent again",
    caughtBy: ["once/a request that was cut off is not repeated, as it may have arrived"],
    plant: repeating((outcome) => outcome.kind === "error" && outcome.errorClass === "connection_reset"),
  },
  {
    fault: "what was not answered is sent again",
    caughtBy: ["once/a request that was not answered is not repeated, as it may have arrived"],
    plant: repeating((outcome) => outcome.kind === "error" && outcome.errorClass === "timeout"),
  },
  {
    fault: "the deadline is ignored",
    caughtBy: [
      "deadline/a receiver that says nothing is a timeout",
      "deadline/headers that drip without end is a timeout",
      "deadline/early hints without end is a timeout",
      "deadline/a TLS handshake that does not go on is a timeout",
      "deadline/a body that drips without end is an answer by then",
    ],
    plant: sending(() => ({ timeoutMs: 60_000 })),
  },
  {
    fault: "what is too late is left to itself",
    caughtBy: [
      "deadline/a receiver that says nothing is a timeout",
      "deadline/a TLS handshake that does not go on is dropped with its connection",
    ],
    plant: ({ send, close }) => ({
      send: (request) => {
        const late = { kind: "error", errorClass: "timeout", message: "too late" } as const;
        return Promise.race([send({ ...request, timeoutMs: 60_000 }), delay(request.timeoutMs, late)]);
      },
      close,
    }),
  },
  {
    fault: "every request has a third of a second",
    caughtBy: ["deadline/it is of each request, and no shorter than it says"],
    plant: sending(() => ({ timeoutMs: 333 })),
  },
  {
    fault: "an error is a rejection",
    caughtBy: [
      ...failures.map((name) => `failure/${name} is an error and no rejection`),
      "failure/what is no URL is no rejection either",
    ],
    plant: failing(({ message }) => {
      throw new Error(message);
    }),
  },
  {
    fault: "every error is of the network",
    caughtBy: failures.map((name, index) => `class/${name} is ${classes[index]}`),
    plant: failing((error) => ({ ...error, errorClass: "network" })),
  },
  {
    fault: "close does nothing",
    caughtBy: [
      "close/it ends open requests, which were not answered then",
      "close/it drops the connections that were kept for later",
    ],
    plant: ({ send }) => ({ send, close: async () => {} }),
  },
  {
    fault: "a second close rejects",
    caughtBy: ["close/it may be called twice, and before anything was sent"],
    plant: closingOnce((close, isClosed) => (isClosed ? Promise.reject(new Error("it is closed")) : close())),
  },
  {
    fault: "what is closed stays closed",
    caughtBy: ["close/a request after it is sent, as a dispatcher that stops may be started again"],
    plant: ({ send, close }) => {
      let closed = false;
      return {
        send: async (request) => (closed ? { kind: "local", message: "it is closed" } : await send(request)),
        close: () => {
          closed = true;
          return close();
        },
      };
    },
  },
];

function closingOnce(fault: (close: Transport["close"], isClosed: boolean) => Promise<void>): TransportMutant["plant"] {
  return ({ send, close }) => {
    let closed = false;
    return {
      send,
      close: () => {
        const result = fault(close, closed);
        closed = true;
        return result;
      },
    };
  };
}
