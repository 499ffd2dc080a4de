import type { EndpointStore } from "@outhook/core";
import type { Stepwise } from "@outhook/sql";
import type { Connection } from "./connection.ts";

/** Endpoints and secrets, by the work that both databases share. */
export function sqliteEndpoints({ read, write }: Connection, steps: Stepwise<EndpointStore>): EndpointStore {
  return {
    insert: async (input) => await write(({ perform }) => perform(steps.insert(input))),
    get: async (input) => await read(({ perform }) => perform(steps.get(input))),
    list: async (input) => await read(({ perform }) => perform(steps.list(input))),
    update: async (input) => await write(({ perform }) => perform(steps.update(input))),
    delete: async (input) => await write(({ perform }) => perform(steps.delete(input))),
    rotateSecret: async (input) => await write(({ perform }) => perform(steps.rotateSecret(input))),
    ofTenant: async (input) => await read(({ perform }) => perform(steps.ofTenant(input))),
    revisions: async (input) => await read(({ perform }) => perform(steps.revisions(input))),
  };
}
