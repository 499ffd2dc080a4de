import type { AnyEvents, OuthookOptions } from "@outhook/core";

/** What does not belong to an API, but to the app and the machine that it runs on. */
export type Host<Tx> = Pick<
  OuthookOptions<AnyEvents, Tx>,
  "store" | "secretKeys" | "network" | "limits" | "clock" | "transport"
>;
