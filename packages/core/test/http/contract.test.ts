import { describe, expect, it } from "vitest";
import type { Contract } from "../../src/http/index.ts";
import { defineContract, getEndpoint } from "../../src/http/index.ts";

const operations = [getEndpoint({ route: "GET /hooks/{id}", reply: ({ id }) => ({ id }) })];
const error = () => ({ status: 500 });

describe("a contract", () => {
  it.each([
    { what: "without error", contract: { operations }, says: /without the method error\(\)/ },
    { what: "whose error is none", contract: { operations, error: "500" }, says: /without the method error\(\)/ },
    { what: "with nothing in it", contract: {}, says: /without the method error\(\)/ },
    { what: "that is undefined", contract: undefined, says: /expected an object with operations, error/ },
    { what: "that is null", contract: null, says: /expected an object with operations, error/ },
    { what: "without operations", contract: { error }, says: /contract\.operations is undefined; pass a list/ },
    { what: "with one operation", contract: { operations: operations[0], error }, says: /is an object; pass a list/ },
    { what: "with operations by name", contract: { operations: { get: 1 }, error }, says: /is an object; pass a list/ },
  ])("$what is refused where it is written", ({ contract, says }) => {
    expect(() => defineContract(contract as Contract)).toThrow(
      expect.objectContaining({ code: "invalid_options", message: expect.stringMatching(says) }),
    );
  });
});
