import { hookUrl } from "./steps.ts";

/** A route of the standard API, as a request that is answered with `status`. */
export type Route = {
  /** With `{id}` for an endpoint's. */
  readonly route: string;
  readonly status: number;
  readonly can: "view" | "manage";
  /** A body that it takes; absent where it reads none. */
  readonly json?: object | undefined;
};

export const allRoutes: readonly Route[] = [
  { route: "POST /endpoints", status: 201, can: "manage", json: { url: hookUrl } },
  { route: "GET /endpoints", status: 200, can: "view" },
  { route: "GET /endpoints/{id}", status: 200, can: "view" },
  { route: "PATCH /endpoints/{id}", status: 200, can: "manage", json: { description: "changed" } },
  { route: "DELETE /endpoints/{id}", status: 204, can: "manage" },
  { route: "POST /endpoints/{id}/secret/rotate", status: 200, can: "manage", json: { expire_current_in: 60 } },
  { route: "POST /endpoints/{id}/test", status: 200, can: "manage", json: {} },
  { route: "GET /event-types", status: 200, can: "view" },
  { route: "GET /openapi.json", status: 200, can: "view" },
];

/** Those about one endpoint. */
export const endpointRoutes: readonly Route[] = allRoutes.filter(({ route }) => route.includes("{id}"));
