import type { StoredEndpoint } from "@outhook/core";
import type { Mutant } from "./mutant.ts";
import { faultySecrets, overlap } from "./mutant.ts";

export const secretMutants: readonly Mutant[] = [
  {
    fault: "a rotation drops the outgoing secret",
    caughtBy: [
      "secrets/a rotation puts the new secret first and ends the outgoing one",
      "secrets/older secrets keep their own end",
      "secrets/what has expired is removed and does not count against the limit",
      "secrets/more than the limit in force is refused and changes nothing",
      "secrets/of two rotations at once both new secrets sign",
      "idempotency/a refused rotation keeps no answer",
      "idempotency/of several rotations at once under one answer one rotates",
    ],
    plant: (store) =>
      faultySecrets(store, {
        rotate: (input) => store.secrets.rotate({ ...input, expireCurrentAt: null }),
      }),
  },
  {
    fault: "a rotation leaves the endpoint's hint",
    caughtBy: [
      "secrets/a rotation writes the endpoint's hint, public key and updatedAt",
      "updates/an update and a rotation at once both happen",
    ],
    plant: (store) =>
      faultySecrets(store, {
        rotate: async (input) => {
          const before = await store.endpoints.get(input);
          return store.secrets.rotate({ ...input, secretHint: before?.secretHint ?? "" });
        },
      }),
  },
  {
    fault: "a leak leaves the old secrets signing",
    caughtBy: ["secrets/a rotation without an end drops all older ones"],
    plant: (store) =>
      faultySecrets(store, {
        rotate: (input) =>
          store.secrets.rotate({ ...input, expireCurrentAt: input.expireCurrentAt ?? input.now + 60_000 }),
      }),
  },
  {
    fault: "expired secrets are kept",
    caughtBy: ["secrets/what has expired is removed and does not count against the limit"],
    plant: (store) =>
      faultySecrets(store, {
        rotate: async (input) => {
          const result = await store.secrets.rotate({ ...input, now: 0 });
          const change = (endpoint: StoredEndpoint) => ({ ...endpoint, updatedAt: input.now });
          if (result === "rotated") await store.endpoints.update({ ...input, change });
          return result;
        },
      }),
  },
  {
    fault: "of two rotations at once the later one forgets the earlier",
    caughtBy: ["secrets/of two rotations at once both new secrets sign"],
    plant: (store) => {
      const overlapping = overlap();
      return faultySecrets(store, {
        rotate: (input) =>
          overlapping((overlaps) =>
            store.secrets.rotate({ ...input, expireCurrentAt: overlaps ? null : input.expireCurrentAt }),
          ),
      });
    },
  },
];
