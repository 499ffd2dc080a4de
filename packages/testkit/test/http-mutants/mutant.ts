import type { Answer, Call, Principal, Responder } from "@outhook/core/http";
import { createResponder } from "@outhook/core/http";
import { nodeCall, sendAnswer } from "@outhook/core/node";
import type { IncomingMessage } from "node:http";
import type { HttpHost, HttpMount } from "../../src/index.ts";
import { startServer } from "../../src/index.ts";

/** A way to serve the API wrongly. */
export type HttpMutant = {
  /** What it does wrong. */
  readonly fault: string;
  /** A case that must fail for it. */
  readonly caughtBy: string;
  readonly plant: Plant;
};

/** Where a fault can be planted: in who calls, in what is asked and in what is answered. */
export type Plant = {
  readonly principal?: (principal: Principal | null, request: IncomingMessage) => Principal | null;
  readonly call?: (call: Call<IncomingMessage>) => Call<IncomingMessage>;
  readonly answer?: (answer: Answer, call: Call<IncomingMessage>) => Answer;
};

/** Mounts the API with a fault. */
export function mountOf({ principal, call, answer }: Plant): HttpMount {
  return {
    start: async (host) => {
      const respond = responderOf(host, principal ?? ((found) => found));
      return await startServer(async (request, response) => {
        const given = nodeCall(request, { url: request.url ?? "/", native: request });
        const asked = call === undefined ? given : call(given);
        const answered = await respond(asked);
        sendAnswer(response, answer === undefined ? answered : answer(answered, asked));
      });
    },
  };
}

function responderOf(host: HttpHost, principal: NonNullable<Plant["principal"]>): Responder<IncomingMessage> {
  return createResponder(host.outhook, {
    authenticate: async (request) => principal(await host.authenticate(request.headers.authorization), request),
    rateLimit: host.rateLimit,
  });
}
