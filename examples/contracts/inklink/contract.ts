import { OuthookError } from "@outhook/core";
import type { Contract, EndpointDetails, Fault, Fields } from "@outhook/core/http";
import {
  createEndpoint,
  defineContract,
  deleteEndpoint,
  getEndpoint,
  isoInstant,
  listEndpoints,
  rotateSecret,
  updateEndpoint,
} from "@outhook/core/http";
import { eventTypes } from "./events.ts";

const fields: Fields = {
  url: { as: "url" },
  name: { as: "description", read: readName },
  enabled: { as: "status", read: readEnabled },
  event_types: { as: "events", read: readEventTypes },
};

/** InkLink's API 2.0: flat, with errors in an envelope. */
export const inkLinkContract: Contract = defineContract({
  operations: [
    createEndpoint({
      route: "POST /webhook/endpoints",
      status: 201,
      fields: { ...fields, url: { as: "url", required: true } },
      reply: ({ endpoint, secret }) => ({ ...view(endpoint), secret }),
    }),
    listEndpoints({
      route: "GET /webhook/endpoints",
      query: { limit: "limit", startingAfter: "after_id" },
      reply: ({ data, hasMore }) => ({
        data: data.map(view),
        first_id: data.at(0)?.id ?? null,
        last_id: data.at(-1)?.id ?? null,
        has_more: hasMore,
      }),
    }),
    getEndpoint({ route: "GET /webhook/endpoints/{id}", reply: view }),
    updateEndpoint({ route: "PATCH /webhook/endpoints/{id}", fields, reply: view }),
    deleteEndpoint({ route: "DELETE /webhook/endpoints/{id}" }),
    rotateSecret({
      route: "POST /webhook/endpoints/{id}/rotate-secret",
      expireCurrentInSeconds: 0,
      reply: ({ id, secret }) => ({ id, secret }),
    }),
  ],
  error: (fault) => {
    const requestId = fault.instance.replace("urn:uuid:", "");
    const details = fault.errors.map(({ param, detail }) => ({ field: param, message: detail }));
    const { status, ...error } = errorOf(fault);
    return { status, headers: { "x-request-id": requestId }, body: { error: { ...error, details, requestId } } };
  },
  idempotencyHeaders: [],
});

function view(endpoint: EndpointDetails) {
  return {
    id: endpoint.id,
    name: endpoint.description,
    url: endpoint.url,
    enabled: endpoint.status === "active",
    event_types: endpoint.events.includes("*") ? eventTypes : endpoint.events,
    created_at: isoInstant(endpoint.createdAt),
    updated_at: isoInstant(endpoint.updatedAt),
  };
}

function errorOf({ status, detail }: Fault) {
  if (status === 401) return { status, code: "UNAUTHORIZED", message: "Provide a valid api-key header." };
  if (status === 403) {
    const message = "Only an owner or admin of the organization may manage webhook endpoints.";
    return { status: 500, code: "INTERNAL_ERROR", message };
  }
  if (status === 404 || status === 405) return { status: 404, code: "NOT_FOUND", message: detail };
  if (status === 429) return { status, code: "RATE_LIMIT_EXCEEDED", message: detail };
  if (status >= 500) return { status: 500, code: "INTERNAL_ERROR", message: "Internal server error." };
  return { status: 400, code: "VALIDATION_ERROR", message: detail };
}

function readName(value: unknown, param: string): unknown {
  if (value === null || (typeof value === "string" && Array.from(value).length <= 120)) return value;
  throw new OuthookError("invalid_description", `${param} must be text of at most 120 characters`, { param });
}

function readEnabled(value: unknown, param: string): string {
  if (typeof value === "boolean") return value ? "active" : "disabled";
  throw new OuthookError("invalid_body", `${param} must be true or false`, { param });
}

function readEventTypes(value: unknown, param: string): unknown {
  const fault = `${param} must hold at least one of ${eventTypes.join(", ")}`;
  if (!Array.isArray(value) || value.length === 0) throw new OuthookError("invalid_events", fault, { param });
  const unknown = value.findIndex((type) => !eventTypes.includes(type));
  if (unknown === -1) return value;
  const place = `${param}[${unknown}]`;
  throw new OuthookError("unknown_event_type", `${place} must be one of ${eventTypes.join(", ")}`, { param: place });
}
