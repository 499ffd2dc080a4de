import { tenantOf } from "../messages.ts";

/** The routes that are measured. */
export type Route = "create" | "list" | "get";

/** The n-th request of a route, and what it must be answered with. */
export type ApiRequest = {
  readonly tenant: string;
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body: string | null;
  readonly status: number;
  readonly holds: (answer: unknown) => boolean;
};

export const routes: readonly Route[] = ["create", "list", "get"];

/** Endpoints of the tenant whose endpoints are read. */
export const endpoints = 100;
export const reader = "reader";
const page = 25;
/** So many that none comes to have more endpoints than it may. */
const creators = 5_000;

const read = { tenant: reader, method: "GET", body: null, status: 200 } as const;

/** `ids` are the endpoints of the tenant that reads. */
export function requestOf(route: Route, n: number, ids: readonly string[]): ApiRequest {
  switch (route) {
    case "create":
      return {
        tenant: tenantOf(n % creators),
        method: "POST",
        path: "/endpoints",
        body: JSON.stringify({ url: `http://127.0.0.1:1/${n}`, events: ["loan.*"], description: "Production" }),
        status: 201,
        holds: (answer) => fieldOf(answer, "secret") !== undefined,
      };
    case "list":
      return {
        ...read,
        path: `/endpoints?limit=${page}`,
        holds: (answer) => lengthOf(fieldOf(answer, "data")) === page,
      };
    case "get": {
      const id = ids[n % ids.length] ?? "";
      return {
        ...read,
        path: `/endpoints/${id}`,
        holds: (answer) => fieldOf(answer, "id") === id,
      };
    }
  }
}

function fieldOf(answer: unknown, name: string): unknown {
  return typeof answer === "object" && answer !== null ? Reflect.get(answer, name) : undefined;
}

function lengthOf(value: unknown): number | null {
  return Array.isArray(value) ? value.length : null;
}
