import type { ConformanceCase, SkippedCase } from "../cases.ts";
import { withoutSkipped } from "../cases.ts";
import { cancelCases } from "./cancel.ts";
import type { CaseGroup, StoreCase, StoreFixture } from "./case.ts";
import { claimCases } from "./claim.ts";
import { endpointCases } from "./endpoints.ts";
import { fanOutCases } from "./fan-out.ts";
import { fidelityCases } from "./fidelity.ts";
import { healthCases } from "./health.ts";
import { hintCases } from "./hints.ts";
import { holdCases } from "./hold.ts";
import { idempotencyCases } from "./idempotency.ts";
import { leaseCases } from "./lease.ts";
import { logCases } from "./log.ts";
import { messageCases } from "./messages.ts";
import { nextDueCases } from "./next-due.ts";
import { paceCases } from "./pace.ts";
import { redeliverCases } from "./redeliver.ts";
import { revisionCases } from "./revisions.ts";
import { identity } from "./rows.ts";
import { sealingCases } from "./sealing.ts";
import { secretCases } from "./secrets.ts";
import { settleCases } from "./settle.ts";
import { tenancyCases } from "./tenancy.ts";
import { updateCases } from "./updates.ts";
import { verifiedCases } from "./verified.ts";
import { transactionCases } from "./transaction.ts";
import { upkeepCases } from "./upkeep.ts";

const groups: readonly CaseGroup[] = [
  endpointCases,
  updateCases,
  verifiedCases,
  revisionCases,
  secretCases,
  sealingCases,
  idempotencyCases,
  tenancyCases,
  messageCases,
  transactionCases,
  fidelityCases,
  fanOutCases,
  claimCases,
  leaseCases,
  settleCases,
  holdCases,
  paceCases,
  cancelCases,
  nextDueCases,
  healthCases,
  redeliverCases,
  logCases,
  upkeepCases,
  hintCases,
];

/**
 * The store port as cases. A store that passes them all can be given to `createOuthook`.
 *
 * Every case gets a store of its own from the fixture and destroys it. Nothing sleeps: time is an argument. Races are
 * run on two connections. `skip` leaves cases out, or a group: `hints` and `transaction` are those that a store may lack. It throws
 * `invalid_options` for an unknown id or an empty reason.
 *
 * @example
 * for (const { id, run } of storeConformance({ create })) test(id, run);
 */
export function storeConformance(
  fixture: StoreFixture,
  { skip = [] }: { readonly skip?: readonly SkippedCase[] | undefined } = {},
): readonly ConformanceCase[] {
  const cases = groups.flatMap(({ group, cases: ofGroup }) =>
    ofGroup.map((one) => ({ id: `${group}/${one.name}`, group, run: () => runCase(fixture, one) })),
  );
  return withoutSkipped(cases, skip);
}

async function runCase(fixture: StoreFixture, { start = "migrated", run }: StoreCase): Promise<void> {
  const handle = await fixture.create();
  try {
    if (start === "migrated") await handle.store.upkeep.migrate({ identity, adopt: false });
    await run(handle);
  } finally {
    await handle.destroy();
  }
}
