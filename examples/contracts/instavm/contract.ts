import { OuthookError } from "@outhook/core";
import type { Contract, EndpointDetails, Fault, FaultItem } from "@outhook/core/http";
import { createEndpoint, defineContract, endpointView, getEndpoint, listEndpoints } from "@outhook/core/http";

/** InstaVM's API: the endpoint beside its secret, with errors as FastAPI writes them. */
export const instaVmContract: Contract = defineContract({
  operations: [
    createEndpoint({
      route: "POST /webhooks/endpoints",
      fields: {
        url: { as: "url", required: true },
        description: { as: "description" },
        event_patterns: { as: "events", read: (patterns) => patterns ?? [] },
        timeout_seconds: { as: "timeoutSeconds", default: 10 },
        max_retries: { as: "maxRetries", default: 7, read: maxRetries },
      },
      reply: ({ endpoint, secret }) => ({ endpoint: view(endpoint), secret }),
    }),
    listEndpoints({ route: "GET /webhooks/endpoints", reply: ({ data }) => data.map(view) }),
    getEndpoint({ route: "GET /webhooks/endpoints/{id}", reply: view }),
  ],
  error: (fault) =>
    [400, 413, 415, 422].includes(fault.status)
      ? { status: 422, body: { detail: validationErrors(fault) } }
      : { status: fault.status, headers: challenge(fault), body: { detail: fault.detail } },
  idempotencyHeaders: [],
});

function view(endpoint: EndpointDetails) {
  const shown = endpointView(endpoint);
  return {
    id: shown.id,
    user_id: Number(endpoint.tenant),
    url: shown.url,
    description: shown.description,
    status: shown.status,
    enabled: shown.status === "active",
    subscribed_event_patterns: shown.events,
    signing_version: shown.signing_version,
    secret_hint: shown.secret_hint,
    timeout_seconds: shown.timeout_seconds,
    max_retries: shown.max_retries,
    consecutive_failures: shown.consecutive_failures,
    last_verified_at: shown.last_verified_at,
    last_delivery_at: shown.last_delivery_at,
    last_error: shown.last_error,
    created_at: shown.created_at,
    updated_at: shown.updated_at,
  };
}

function challenge({ status }: Fault): Readonly<Record<string, string>> {
  return status === 401 ? { "www-authenticate": "Bearer" } : {};
}

function maxRetries(value: unknown, param: string): unknown {
  if (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 7) return value;
  throw new OuthookError("invalid_max_retries", `${param} must be a whole number from 1 to 7`, { param });
}

function validationErrors({ code, detail, errors }: Fault) {
  if (errors.length === 0) return [{ loc: ["body"], msg: detail, type: bodyTypes[code] ?? "value_error" }];
  return errors.map((item) => ({ loc: locationOf(item), msg: item.detail, type: types[item.code] ?? "value_error" }));
}

type Types = Partial<Readonly<Record<Fault["code"], string>>>;
const bodyTypes: Types = { malformed_body: "json_invalid" };
const types: Types = { malformed_body: "missing", invalid_body: "extra_forbidden" };

/** `event_patterns[2]` of the body → `["body", "event_patterns", 2]`. */
function locationOf({ place, param }: FaultItem): readonly (string | number)[] {
  const [, field = param, index] = /^(.+)\[(\d+)\]$/.exec(param) ?? [];
  return index === undefined ? [place, field] : [place, field, Number(index)];
}
