import { describe, expect, it } from "vitest";
import { createSecretBox, keyIdOf } from "../src/secret-box.ts";

const place = { table: "headers", tenant: "acme", endpointId: "ep_1" } as const;
const sealedBy = (id: string): string =>
  createSecretBox({ current: id, keys: { [id]: Buffer.alloc(32, id) } }).seal("s", place);

describe("keyIdOf", () => {
  it.each([
    { sealed: sealedBy("k1"), id: "k1" },
    { sealed: sealedBy("Key_2-"), id: "Key_2-" },
    { sealed: "plain.v1.k1.whsec_", id: "plaintext" },
    { sealed: "", id: "" },
    { sealed: "v2.k1.a.b.c", id: "" },
    { sealed: "v1", id: "" },
    { sealed: "v1.k 1.a.b.c", id: "" },
  ])("says $id of $sealed", ({ sealed, id }) => expect(keyIdOf(sealed)).toBe(id));
});
