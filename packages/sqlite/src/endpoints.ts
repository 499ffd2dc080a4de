import type { EndpointStore, StoredEndpoint } from "@outhook/core";
import type { EndpointSteps } from "@outhook/sql";
import type { Connection } from "./connection.ts";
import type { Session } from "./session.ts";

/** As the port has it, but that an update comes as what was read and what is to become of it. */
export type InnerEndpoints = Omit<EndpointStore, "update"> & {
  /**
   * Writes `after` in the place of `before`, and returns what is there now; `"outdated"` when it is not `before` any more,
   * and then nothing changed.
   */
  readonly replace: (input: Replacement) => Promise<StoredEndpoint | null | "outdated">;
};

type Replacement = { readonly before: StoredEndpoint; readonly after: StoredEndpoint };

/** Endpoints, by the work that both databases share. */
export function sqliteEndpoints({ read, write }: Connection, steps: EndpointSteps): InnerEndpoints {
  return {
    insert: async (input) => await write(({ perform }) => perform(steps.insert(input))),
    get: async (input) => await read(({ perform }) => perform(steps.get(input))),
    list: async (input) => await read(({ perform }) => perform(steps.list(input))),
    replace: async (input) => await write((session) => replace(session, steps, input)),
    verified: async (input) => await write(({ perform }) => perform(steps.verified(input))),
    delete: async (input) => await write(({ perform }) => perform(steps.delete(input))),
    ofTenants: async (input) => await read(({ perform }) => perform(steps.ofTenants(input))),
    revisions: async (input) => await read(({ perform }) => perform(steps.revisions(input))),
  };
}

function replace(
  { perform }: Session,
  steps: EndpointSteps,
  { before, after }: Replacement,
): StoredEndpoint | null | "outdated" {
  let outdated = false;
  const change = (now: StoredEndpoint): StoredEndpoint => {
    // Both were made of a row by the same code, so that their fields stand in one order.
    outdated = JSON.stringify(now) !== JSON.stringify(before);
    if (outdated) throw new Error("outdated");
    return after;
  };
  const result = perform(steps.update({ tenant: before.tenant, id: before.id, change }));
  return outdated ? "outdated" : result();
}
