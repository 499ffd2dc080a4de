import { createListener } from "@outhook/core/node";
import { describe, it } from "vitest";
import { httpConformance, startServer } from "../src/index.ts";

const cases = httpConformance({
  start: ({ outhook, authenticate, rateLimit }) =>
    startServer(
      createListener(outhook, { authenticate: (request) => authenticate(request.headers.authorization), rateLimit }),
    ),
});

describe("createListener", () => {
  // oxlint-disable-next-line vitest/expect-expect -- the cases assert
  for (const { id, run } of cases) it(id, run);
});
