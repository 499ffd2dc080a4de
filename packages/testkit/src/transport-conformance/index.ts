import type { ConformanceCase, SkippedCase } from "../cases.ts";
import { withoutSkipped } from "../cases.ts";
import { startReceiver } from "../receiver.ts";
import type { TransportCase, TransportCaseGroup, TransportFixture } from "./case.ts";
import { closeCases } from "./close.ts";
import { deadlineCases } from "./deadline.ts";
import { classCases, failureCases } from "./failure.ts";
import { startListener, startSelfSignedListener } from "./listener.ts";
import { onceCases } from "./once.ts";
import { requestCases } from "./request.ts";
import { responseCases } from "./response.ts";

const groups: readonly TransportCaseGroup[] = [
  requestCases,
  responseCases,
  onceCases,
  deadlineCases,
  failureCases,
  classCases,
  closeCases,
];

/**
 * The transport port as cases. A transport that passes them all can be given to `createOuthook`.
 *
 * Every case gets a transport of its own from the fixture, sends over real sockets to receivers on 127.0.0.1, and destroys it.
 * `skip` leaves cases out, or a group: a transport that opens no connections itself has no deadlines to keep, and one behind a
 * proxy cannot tell why a connection was refused. It throws `invalid_options` for an unknown id or an empty reason.
 *
 * @example
 * for (const { id, run } of transportConformance({ create })) test(id, run);
 */
export function transportConformance(
  fixture: TransportFixture,
  { skip = [] }: { readonly skip?: readonly SkippedCase[] | undefined } = {},
): readonly ConformanceCase[] {
  const cases = groups.flatMap(({ group, cases: ofGroup }) =>
    ofGroup.map((one) => ({ id: `${group}/${one.name}`, group, run: () => runCase(fixture, one) })),
  );
  return withoutSkipped(cases, skip);
}

async function runCase(fixture: TransportFixture, { run }: TransportCase): Promise<void> {
  const started: { readonly close: () => Promise<void> }[] = [];
  const closing = async <T extends { readonly close: () => Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const one = await starting;
    started.push(one);
    return one;
  };
  const { transport, destroy } = await fixture.create();
  try {
    await run({
      transport,
      receive: (options) => closing(startReceiver(options)),
      listen: (answer) => closing(startListener(answer)),
      listenSelfSigned: (answer) => closing(startSelfSignedListener(answer)),
    });
  } finally {
    await destroy();
    await Promise.all(started.map((one) => one.close()));
  }
}
