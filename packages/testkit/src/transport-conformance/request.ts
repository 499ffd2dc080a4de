import assert from "node:assert/strict";
import { once } from "node:events";
import type { TransportCaseGroup } from "./case.ts";
import { answered, send } from "./steps.ts";

/** As many requests at once as one dispatcher may well have open. */
const many = 64;
const credentials = ["authorization", "cookie", "proxy-authorization"];

export const requestCases: TransportCaseGroup = {
  group: "request",
  cases: [
    {
      name: "it is one POST to the path and query of its URL",
      run: async ({ transport, receive }) => {
        const receiver = await receive();
        await answered(transport, receiver.url("/hook/%C3%BC?a=1&b&c=%2F"));
        assert.deepEqual(
          receiver.requests.map(({ method, path }) => [method, path]),
          [["POST", "/hook/%C3%BC?a=1&b&c=%2F"]],
        );
      },
    },
    {
      name: "it has the headers that it was given, each once and as it was",
      run: async ({ transport, receive }) => {
        const receiver = await receive();
        const headers = {
          "content-type": "application/json",
          "user-agent": "Outhook",
          "webhook-id": "msg_1",
          "webhook-signature": "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4= v1,AAAA",
          "x-tenant": 'a, b;c="d"',
        };
        await answered(transport, receiver.url(), { headers });
        const arrived = receiver.requests[0]?.headers ?? {};
        assert.deepEqual({ ...arrived, ...headers }, arrived);
      },
    },
    {
      name: "its body arrives byte for byte, and its length is said",
      run: async ({ transport, receive }) => {
        const receiver = await receive();
        for (const text of [`{ "name":"Zoë \u{1F600}",  "n": 1.0 }\n`, `"${"ü".repeat(300_000)}"`, "\u{FEFF}{}"]) {
          const body = Buffer.from(text);
          await answered(transport, receiver.url(), { body });
          const arrived = receiver.requests.at(-1);
          assert.ok(arrived?.body === text, `the body of ${body.length} bytes is the one that was given`);
          assert.equal(arrived.headers["content-length"], String(body.length));
        }
      },
    },
    {
      name: "it carries no cookies and no credentials that it was not given",
      run: async ({ transport, receive }) => {
        const receiver = await receive({ respond: () => ({ status: 200, headers: { "set-cookie": "a=b; Path=/" } }) });
        for (let n = 0; n < 2; n += 1) await answered(transport, receiver.url());
        for (const { headers } of receiver.requests) {
          assert.deepEqual(
            Object.keys(headers).filter((name) => credentials.includes(name)),
            [],
          );
        }
      },
    },
    {
      name: "a header that would end its line is not sent",
      run: async ({ transport, receive }) => {
        const receiver = await receive();
        const outcome = await send(transport, receiver.url(), { headers: { "webhook-id": "a\r\nx-other: b" } });
        assert.notEqual(outcome.kind, "response");
        assert.equal(receiver.requests.length, 0, "no request arrived");
      },
    },
    {
      name: "many are under way at once, and each gets its own answer",
      run: async ({ transport, receive }) => {
        const all = new AbortController();
        const receiver = await receive({
          respond: async ({ path, headers, body }, n) => {
            if (n < many) await once(all.signal, "abort");
            else all.abort();
            return { status: 200, body: `${path} ${headers["webhook-id"]} ${body}` };
          },
        });
        const outcomes = await Promise.all(
          Array.from({ length: many }, async (_, n) => {
            const request = { headers: { "webhook-id": `msg_${n}` }, body: Buffer.from(`body ${n}`) };
            return await answered(transport, receiver.url(`/${n}`), request);
          }),
        );
        assert.deepEqual(
          outcomes.map(({ body }) => body),
          Array.from({ length: many }, (_, n) => `/${n} msg_${n} body ${n}`),
        );
      },
    },
  ],
};
