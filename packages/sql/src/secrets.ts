import type { SecretStore } from "@outhook/core";
import { answerSteps } from "./answers.ts";
import type { QueryBuilder } from "./dialect.ts";
import { rotateSteps } from "./rotate.ts";
import { sealingSteps } from "./sealing.ts";
import type { Stepwise } from "./steps.ts";

export type SecretSteps = Stepwise<SecretStore>;

/** What was sealed. Each method is to run in a transaction; `keyIds` in one that reads a single snapshot. */
export function secretSteps(builder: QueryBuilder): SecretSteps {
  return {
    rotate: rotateSteps(builder),
    keptAnswer: answerSteps(builder).find,
    ...sealingSteps(builder),
  };
}
