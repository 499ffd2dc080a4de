import type { AnyEvents, Outhook } from "@outhook/core";
import type { Contract, Principal, RateLimit } from "@outhook/core/http";
import { createResponder } from "@outhook/core/http";
import { nodeCall, sendAnswer } from "@outhook/core/node";
import type { IncomingMessage, ServerResponse } from "node:http";
import { demoSend } from "./demo-send.ts";

/** An API below a path of the server. */
export type Mount = {
  readonly path: string;
  readonly start: () => Promise<void>;
  /** `url` is what stands below the path, with its query. */
  readonly answer: (request: IncomingMessage, response: ServerResponse, url: string) => Promise<void>;
  readonly stop: () => Promise<void>;
};

type Api = {
  readonly contract: Contract;
  readonly authenticate: (request: IncomingMessage) => Principal | null;
  readonly rateLimit: RateLimit<unknown> | undefined;
};

/** Puts an API and the demo's own route below a path. */
export function mount<C extends AnyEvents, Tx>(
  path: string,
  outhook: Outhook<C, Tx>,
  { contract, ...options }: Api,
): Mount {
  const operations = [...contract.operations, demoSend];
  const respond = createResponder(outhook, { ...options, contract: { ...contract, operations } });
  return {
    path,
    start: async () => {
      await outhook.migrate();
      await outhook.dispatcher.start();
    },
    answer: async (request, response, url) => {
      sendAnswer(response, await respond(nodeCall(request, { url, native: request })));
    },
    stop: () => outhook.close({ graceMs: 3_000 }),
  };
}
