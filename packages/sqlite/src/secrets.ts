import type { SecretStore } from "@outhook/core";
import type { SecretSteps } from "@outhook/sql";
import type { Connection } from "./connection.ts";

/** What was sealed, by the work that both databases share. */
export function sqliteSecrets({ read, write }: Connection, steps: SecretSteps): SecretStore {
  return {
    rotate: async (input) => await write(({ perform }) => perform(steps.rotate(input))),
    keptAnswer: async (input) => await read(({ perform }) => perform(steps.keptAnswer(input))),
    keyIds: async (input) => await read(({ perform }) => perform(steps.keyIds(input))),
    sealedWith: async (input) => await read(({ perform }) => perform(steps.sealedWith(input))),
    reseal: async (input) => await write(({ perform }) => perform(steps.reseal(input))),
  };
}
