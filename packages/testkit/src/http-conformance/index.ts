import type { ConformanceCase, SkippedCase } from "../cases.ts";
import { withoutSkipped } from "../cases.ts";
import { serveApi } from "./api.ts";
import { authenticationCases } from "./authentication.ts";
import { badInputCases } from "./bad-inputs/index.ts";
import { bodyCases } from "./bodies.ts";
import type { HttpCase, HttpCaseGroup } from "./case.ts";
import { catalogueCases } from "./catalogue.ts";
import { createCases } from "./create.ts";
import { deleteCases } from "./delete.ts";
import { fieldCases } from "./fields.ts";
import { healthCases } from "./health.ts";
import { idempotencyCases } from "./idempotency.ts";
import type { HttpMount } from "./mount.ts";
import { orderCases } from "./order.ts";
import { pagingCases } from "./paging.ts";
import { permissionCases } from "./permissions.ts";
import { problemCases } from "./problems.ts";
import { rateLimitCases } from "./rate-limit.ts";
import { rotateCases } from "./rotate.ts";
import { routingCases } from "./routing.ts";
import { statusCases } from "./statuses.ts";
import { tenancyCases } from "./tenancy.ts";
import { testSendCases } from "./test-send.ts";
import { withTranscript } from "./transcript.ts";
import { updateCases } from "./update.ts";

const groups: readonly HttpCaseGroup[] = [
  authenticationCases,
  permissionCases,
  tenancyCases,
  routingCases,
  orderCases,
  statusCases,
  createCases,
  fieldCases,
  updateCases,
  deleteCases,
  rotateCases,
  testSendCases,
  healthCases,
  pagingCases,
  catalogueCases,
  idempotencyCases,
  rateLimitCases,
  bodyCases,
  problemCases,
  ...badInputCases,
];

/**
 * The management API as cases for a way to mount it: a framework's adapter, or a host's own.
 *
 * Every case gets an outhook of its own on a store in memory and a server of its own, is sent real requests, and fails with
 * an `AssertionError` that shows the last of them. Nothing sleeps. `skip` leaves cases out; it throws `invalid_options` for
 * an unknown id or an empty reason.
 *
 * @example
 * for (const { id, run } of httpConformance({ start })) test(id, run);
 */
export function httpConformance(
  mount: HttpMount,
  { skip = [] }: { readonly skip?: readonly SkippedCase[] | undefined } = {},
): readonly ConformanceCase[] {
  const cases = groups.flatMap(({ group, cases: ofGroup }) =>
    ofGroup.map((one) => ({ id: `${group}/${one.name}`, group, run: () => runCase(mount, one) })),
  );
  return withoutSkipped(cases, skip);
}

async function runCase(mount: HttpMount, { setup = {}, run }: HttpCase): Promise<void> {
  const { api, exchanges, close } = await serveApi(mount, setup);
  try {
    await run(api);
  } catch (error) {
    throw withTranscript(error, exchanges);
  } finally {
    await close();
  }
}
