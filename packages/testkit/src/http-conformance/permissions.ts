import assert from "node:assert/strict";
import type { HttpCase, HttpCaseGroup } from "./case.ts";
import type { Route } from "./routes.ts";
import { allRoutes } from "./routes.ts";
import { addEndpoint, expectRefusal, expectStatus, routeTo } from "./steps.ts";

export const permissionCases: HttpCaseGroup = { group: "permissions", cases: allRoutes.map(routeCase) };

function routeCase({ route, status, can, json }: Route): HttpCase {
  return can === "view"
    ? {
        name: `${route} shows a viewer what it shows a manager`,
        run: async (api) => {
          const path = routeTo(route, (await addEndpoint(api)).id);
          const [seen, managed] = [await api.send(path, { as: "viewer" }), await api.send(path)];
          expectStatus(seen, status);
          assert.equal(seen.text, managed.text);
        },
      }
    : {
        name: `${route} is refused to a viewer and writes nothing`,
        run: async (api) => {
          const path = routeTo(route, (await addEndpoint(api)).id);
          await expectRefusal(api, path, { as: "viewer", json }, [403, "forbidden"]);
          expectStatus(await api.send(path, { json }), status);
        },
      };
}
