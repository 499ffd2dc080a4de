import type { EndpointStore } from "@outhook/core";
import type { EndpointSteps } from "@outhook/sql";
import type { Transactions } from "./transactions.ts";

/** Endpoints, by the work that both databases share. */
export function postgresEndpoints({ glance, read, write }: Transactions, steps: EndpointSteps): EndpointStore {
  return {
    insert: async (input) => await write(({ perform }) => perform(steps.insert(input))),
    get: async (input) => await glance(({ perform }) => perform(steps.get(input))),
    list: async (input) => await glance(({ perform }) => perform(steps.list(input))),
    update: async (input) => {
      const result = await write(({ perform }) => perform(steps.update(input)));
      return result();
    },
    verified: async (input) => await write(({ perform }) => perform(steps.verified(input))),
    delete: async (input) => await write(({ perform }) => perform(steps.delete(input))),
    ofTenants: async (input) => await read(({ perform }) => perform(steps.ofTenants(input))),
    revisions: async (input) => await glance(({ perform }) => perform(steps.revisions(input))),
  };
}
