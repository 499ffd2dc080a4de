import assert from "node:assert/strict";
import type { TransportCaseGroup } from "./case.ts";
import { answered, assertError, send } from "./steps.ts";

/** A retry is the dispatcher's, at its time; one of the transport would be in nobody's log. */
export const onceCases: TransportCaseGroup = {
  group: "once",
  cases: [
    {
      name: "a refusal by status is not repeated",
      run: async ({ transport, receive }) => {
        for (const status of [429, 500, 503]) {
          const receiver = await receive({ respond: () => ({ status, headers: { "retry-after": "0" } }) });
          await answered(transport, receiver.url());
          await transport.close();
          assert.equal(receiver.requests.length, 1);
        }
      },
    },
    {
      name: "a request that was cut off is not repeated, as it may have arrived",
      run: async ({ transport, receive }) => {
        const receiver = await receive({ respond: () => "reset" });
        assertError(await send(transport, receiver.url()));
        await transport.close();
        assert.equal(receiver.requests.length, 1);
      },
    },
    {
      name: "a request that was not answered is not repeated, as it may have arrived",
      run: async ({ transport, receive }) => {
        const receiver = await receive({ respond: () => "hang" });
        assertError(await send(transport, receiver.url(), { timeoutMs: 300 }), "timeout");
        await transport.close();
        assert.equal(receiver.requests.length, 1);
      },
    },
  ],
};
