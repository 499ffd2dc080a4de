import type { HttpCase, HttpCaseGroup } from "../case.ts";
import { addEndpoint, expectProblem, expectStatus } from "../steps.ts";

type Row = readonly [id: string, why: string, value: string];

const cursors: readonly Row[] = [
  ["cursor-325", "not base64url", "!!!"],
  ["cursor-328", "too long", "A".repeat(10_000)],
  ["cursor-329", "traversal", "../../etc/passwd"],
];

/** Of the two rules that are possible, refusing and clamping, this API has the first. */
const limits: readonly Row[] = [
  ["limit-335", "zero", "0"],
  ["limit-336", "negative", "-1"],
  ["limit-338", "trailing letters", "10abc"],
  ["limit-340", "enormous", "1000000000"],
  ["limit-341", "empty", ""],
  ["limit-342", "hexadecimal", "0x10"],
  ["limit-343", "full-width digits", "\uff11\uff10"],
];

export const pageInputs: HttpCaseGroup = {
  group: "input page",
  cases: [
    ...cursors.map(([id, why, value]): HttpCase => ({
      name: `${id}: ${why}`,
      run: async (api) => {
        const reply = await api.send(`GET /endpoints?starting_after=${encodeURIComponent(value)}`);
        expectProblem(reply, 400, "invalid_cursor", "starting_after");
      },
    })),
    {
      // A cursor is a place in the order of ids, which need not exist any more, so that any id is one.
      name: "cursor-333: cursor of another list",
      run: async (api) => {
        const { id } = await api.outhook.tenant("acme").send("loan.active", {});
        await addEndpoint(api);
        expectStatus(await api.send(`GET /endpoints?starting_after=${id}`), 200, 400);
      },
    },
    ...limits.map(([id, why, value]): HttpCase => ({
      name: `${id}: ${why}`,
      run: async (api) => {
        const reply = await api.send(`GET /endpoints?limit=${encodeURIComponent(value)}`);
        expectProblem(reply, 400, "invalid_limit", "limit");
      },
    })),
  ],
};
