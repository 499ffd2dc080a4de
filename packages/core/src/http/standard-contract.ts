import type { Contract } from "./contract.ts";
import { attemptView } from "./attempt-view.ts";
import { endpointView, isoInstant } from "./endpoint-view.ts";
import { eventTypesOf } from "./event-types.ts";
import type { Fields } from "./fields.ts";
import { openApiDocument } from "./openapi.ts";
import {
  createEndpoint,
  deleteEndpoint,
  getEndpoint,
  listEndpoints,
  readOperation,
  rotateSecret,
  testEndpoint,
  updateEndpoint,
} from "./operations.ts";
import { problemReply } from "./problem-reply.ts";

const fields: Fields = {
  url: { as: "url" },
  events: { as: "events" },
  description: { as: "description" },
  status: { as: "status" },
  headers: { as: "headers" },
  timeout_seconds: { as: "timeoutSeconds" },
  max_retries: { as: "maxRetries" },
  metadata: { as: "metadata" },
  rate_limit: { as: "rateLimit" },
};

/** The API of Outhook itself: snake_case, flat, problem details. `openapi.json` describes it. */
export const standardContract: Contract = {
  operations: [
    createEndpoint({
      route: "POST /endpoints",
      status: 201,
      fields: { ...fields, url: { as: "url", required: true }, signing_version: { as: "signingVersion" } },
      reply: ({ endpoint, secret }) => ({ ...endpointView(endpoint), secret }),
    }),
    listEndpoints({
      route: "GET /endpoints",
      query: { limit: "limit", startingAfter: "starting_after" },
      reply: ({ data, hasMore }) => ({ data: data.map(endpointView), has_more: hasMore }),
    }),
    getEndpoint({ route: "GET /endpoints/{id}", reply: endpointView }),
    updateEndpoint({ route: "PATCH /endpoints/{id}", fields, reply: endpointView }),
    deleteEndpoint({ route: "DELETE /endpoints/{id}" }),
    rotateSecret({
      route: "POST /endpoints/{id}/secret/rotate",
      fields: { expire_current_in: { as: "expireCurrentInSeconds" } },
      reply: ({ id, secret, previousSecretExpiresAt: end }) => ({
        id,
        secret,
        previous_secret_expires_at: end === null ? null : isoInstant(end.getTime()),
      }),
    }),
    testEndpoint({
      route: "POST /endpoints/{id}/test",
      reply: ({ succeeded, attempt }) => ({ succeeded, attempt: attemptView(attempt) }),
    }),
    readOperation({
      route: "GET /event-types",
      reply: (_, { events }) => ({ data: eventTypesOf(events), has_more: false }),
    }),
    readOperation({
      route: "GET /openapi.json",
      reply: (_, { events, envelope }) => openApiDocument(eventTypesOf(events), envelope),
    }),
  ],
  error: (fault) => problemReply(fault),
};
