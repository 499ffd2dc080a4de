import type { EndpointStore } from "@outhook/core";
import type { EndpointSteps } from "@outhook/sql";
import type { Connection } from "./connection.ts";

/** Endpoints, secrets and answers, by the work that both databases share. */
export function sqliteEndpoints({ read, write }: Connection, steps: EndpointSteps): EndpointStore {
  return {
    insert: async (input) => await write(({ perform }) => perform(steps.insert(input))),
    get: async (input) => await read(({ perform }) => perform(steps.get(input))),
    list: async (input) => await read(({ perform }) => perform(steps.list(input))),
    update: async (input) => {
      const result = await write(({ perform }) => perform(steps.update(input)));
      return result();
    },
    verified: async (input) => await write(({ perform }) => perform(steps.verified(input))),
    delete: async (input) => await write(({ perform }) => perform(steps.delete(input))),
    rotateSecret: async (input) => await write(({ perform }) => perform(steps.rotateSecret(input))),
    answer: async (input) => await read(({ perform }) => perform(steps.answer(input))),
    ofTenants: async (input) => await read(({ perform }) => perform(steps.ofTenants(input))),
    revisions: async (input) => await read(({ perform }) => perform(steps.revisions(input))),
    keyIds: async (input) => await read(({ perform }) => perform(steps.keyIds(input))),
    sealedWith: async (input) => await read(({ perform }) => perform(steps.sealedWith(input))),
    reseal: async (input) => await write(({ perform }) => perform(steps.reseal(input))),
  };
}
