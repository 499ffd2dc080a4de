import { defineContract, deleteEndpoint, getEndpoint } from "@outhook/core/http";
import { describe, expect, it } from "vitest";

const error = () => ({ status: 500 });
const get = getEndpoint({ route: "GET /hooks/{id}", reply: ({ id }) => ({ id }) });

describe("defineContract", () => {
  it("returns a sound contract as it is", () => {
    const contract = {
      operations: [get, deleteEndpoint({ route: "DELETE /hooks/{id}" })],
      error,
      idempotencyHeaders: [],
    };
    expect(defineContract(contract)).toBe(contract);
  });

  it.each([
    {
      fault: "two operations on one route, whatever its segments are called",
      contract: () => ({ operations: [get, { ...get, path: "/hooks/{hook}" }], error }),
      says: /two operations for GET \/hooks\/\{hook\}/,
    },
    {
      fault: "a path that is none",
      contract: () => ({ operations: [{ ...get, path: "hooks/{id}" }], error }),
      says: /the path "hooks\/\{id\}" must look like/,
    },
    {
      fault: "an option that it does not know",
      contract: () => ({ operations: [get], error, idempotencyHeader: "x" }),
      says: /"contract\.idempotencyHeader" is not an option/,
    },
  ])("refuses $fault", ({ contract, says }) => {
    expect(() => defineContract(contract())).toThrow(
      expect.objectContaining({ code: "invalid_options", message: expect.stringMatching(says) }),
    );
  });
});
