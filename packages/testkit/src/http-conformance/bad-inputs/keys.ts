import assert from "node:assert/strict";
import { credentialsOf } from "../api.ts";
import type { HttpCase, HttpCaseGroup } from "../case.ts";
import { expectRefusal, expectStatus, hookUrl, listed } from "../steps.ts";

/** Header values; what one key does for two requests (317 to 322, 324) are cases of the group `idempotency`. */
const refused: readonly (readonly [id: string, why: string, value: string | readonly string[]])[] = [
  ["idempotency_key-311", "longer than 255", "k".repeat(300)],
  ["idempotency_key-311", "longer than 255 by one", "k".repeat(256)],
  ["idempotency_key-314", "not ASCII", Buffer.from("\u043a\u043b\u044e\u0447").toString("latin1")],
  ["idempotency_key-315", "sent twice", ["a", "b"]],
  ["idempotency_key", "empty", ""],
  ["idempotency_key", "empty quotes", '""'],
  ["idempotency_key", "with a space", "a b"],
  ["idempotency_key", "with a space in quotes", '"a b"'],
];

const accepted: readonly (readonly [id: string, why: string, value: string])[] = [
  ["idempotency_key-323", "a prototype key", "__proto__"],
  ["idempotency_key", "as long as it may be", "k".repeat(255)],
  ["idempotency_key", "a UUID in quotes", '"8e03978e-40d5-43e8-bc93-6894a57f9324"'],
  ["idempotency_key", "every sort of character", "!#$%&'()*+,-./:;<=>?@[]^_`{|}~\\"],
];

export const keyInputs: HttpCaseGroup = {
  group: "input idempotency key",
  cases: [
    ...refused.map(([id, why, key]): HttpCase => ({
      name: `${id}: ${why}`,
      run: async (api) => {
        const request = { headers: { "idempotency-key": key }, json: { url: hookUrl } };
        const refusal = [400, "idempotency_key_invalid", "idempotency-key"] as const;
        await expectRefusal(api, "POST /endpoints", request, refusal);
      },
    })),
    {
      name: "idempotency_key-312: NUL",
      run: async (api) => {
        const body = JSON.stringify({ url: hookUrl });
        const lines = ["POST {mount}/endpoints HTTP/1.1", "host: localhost", `authorization: ${credentialsOf("acme")}`];
        const others = ["content-type: application/json", `content-length: ${body.length}`, "connection: close"];
        const bytes = [...lines, ...others, "idempotency-key: a\u0000b", "", body].join("\r\n");
        const status = await api.unchanged(() => api.sendBytes(bytes));
        assert.ok(status >= 400 && status < 500, `the status is ${status}`);
      },
    },
    ...accepted.map(([id, why, key]): HttpCase => ({
      name: `${id}: ${why}`,
      run: async (api) => {
        const request = { headers: { "idempotency-key": key }, json: { url: hookUrl } };
        const first = expectStatus(await api.send("POST /endpoints", request), 201);
        assert.equal(expectStatus(await api.send("POST /endpoints", request), 201).text, first.text);
        assert.equal((await listed(api)).length, 1);
      },
    })),
  ],
};
