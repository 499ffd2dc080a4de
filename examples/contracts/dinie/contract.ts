import type { Contract, EndpointDetails, Fields } from "@outhook/core/http";
import {
  createEndpoint,
  defineContract,
  deleteEndpoint,
  getEndpoint,
  isoInstant,
  listEndpoints,
  problemReply,
  rotateSecret,
  updateEndpoint,
} from "@outhook/core/http";

const fields: Fields = {
  url: { as: "url" },
  events: { as: "events" },
  description: { as: "description" },
};

/** What an error's status means: the last part of its `type`, and its title. Dinie answers with no other. */
const problems: Readonly<Record<number, readonly [type: string, title: string]>> = {
  400: ["invalid-request", "Invalid request"],
  401: ["authentication-failed", "Authentication failed"],
  403: ["forbidden", "Forbidden"],
  404: ["not-found", "Not found"],
  405: ["method-not-allowed", "Method not allowed"],
  409: ["conflict", "Conflict"],
  413: ["request-too-large", "Request too large"],
  415: ["unsupported-media-type", "Unsupported media type"],
  422: ["validation-failed", "Validation failed"],
  429: ["rate-limit-exceeded", "Rate limit exceeded"],
};

/** Dinie's API, version 2026-03-01: flat, with problem details. */
export const dinieContract: Contract = defineContract({
  operations: [
    createEndpoint({
      route: "POST /webhooks/endpoints",
      status: 201,
      fields: { ...fields, url: { as: "url", required: true } },
      reply: ({ endpoint, secret }) => ({ ...view(endpoint), secret }),
    }),
    listEndpoints({
      route: "GET /webhooks/endpoints",
      query: { limit: "limit", startingAfter: "starting_after" },
      reply: ({ data, hasMore }) => ({ data: data.map(view), has_more: hasMore }),
    }),
    getEndpoint({ route: "GET /webhooks/endpoints/{id}", reply: view }),
    updateEndpoint({
      route: "PATCH /webhooks/endpoints/{id}",
      fields: { ...fields, status: { as: "status" } },
      reply: view,
    }),
    deleteEndpoint({ route: "DELETE /webhooks/endpoints/{id}" }),
    rotateSecret({
      route: "POST /webhooks/endpoints/{id}/secret/rotate",
      fields: { expire_current_in: { as: "expireCurrentInSeconds", default: 3_600 } },
      reply: ({ id, secret, previousSecretExpiresAt: expiresAt }) => ({
        id,
        secret,
        previous_secret_expires_at: expiresAt === null ? null : isoInstant(expiresAt.getTime()),
      }),
    }),
  ],
  error: (fault) => {
    const [type, title] = problems[fault.status] ?? ["internal", "Internal error"];
    const status = fault.status in problems ? fault.status : 500;
    return problemReply({ ...fault, status, title }, () => `https://docs.dinie.com.br/errors/${type}`);
  },
  // The second is what Dinie's own SDK sends.
  idempotencyHeaders: ["idempotency-key", "x-idempotency-key"],
});

function view(endpoint: EndpointDetails) {
  return {
    id: endpoint.id,
    url: endpoint.url,
    events: endpoint.events,
    description: endpoint.description,
    status: endpoint.status,
    created_at: isoInstant(endpoint.createdAt),
    updated_at: isoInstant(endpoint.updatedAt),
  };
}
