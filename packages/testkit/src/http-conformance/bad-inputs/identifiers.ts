import type { HttpCase, HttpCaseGroup } from "../case.ts";
import { endpointRoutes } from "../routes.ts";
import { expectProblem, routeTo } from "../steps.ts";

/** Ids that are nobody's. Those of other tenants (id-364 to id-376) are cases of the group `tenancy`. */
const ids: readonly (readonly [id: string, why: string, value: string])[] = [
  ["id-348", "traversal", "../endpoints/ep_x"],
  ["id-350", "NUL", "ep_%00"],
  ["id-350", "NUL, decoded", "ep_\u0000"],
  ["id-353", "prototype key", "__proto__"],
  ["id-355", "too long", `ep_${"a".repeat(5_000)}`],
  ["id-356", "SQL", "ep_x' OR '1'='1"],
  ["id-357", "wildcard", "*"],
  ["id-358", "ids are case-sensitive", "EP_X"],
  ["id-359", "space", " ep_x"],
  ["id-360", "trailing slash", "ep_x/"],
  ["id-362", "more than 64 bits", "9223372036854775808"],
  ["id-363", "bad UUID", "00000000-0000-0000-0000-00000000000g"],
];

export const identifierInputs: HttpCaseGroup = {
  group: "input id",
  cases: ids.map(([id, why, value]): HttpCase => ({
    name: `${id}: ${why}`,
    run: async (api) => {
      for (const { route, json } of endpointRoutes) {
        const reply = await api.unchanged(() => api.send(routeTo(route, value), { json }));
        expectProblem(reply, 404, "not_found");
      }
    },
  })),
};
