import type { Answer } from "@outhook/core/http";
import type { HttpMutant } from "./mutant.ts";

/** Faults in what is answered. */
export const answeringMutants: readonly HttpMutant[] = [
  {
    fault: "answers may be cached",
    caughtBy: "create/a URL suffices, and the answer shows every default",
    plant: { answer: (answer) => without(answer, "cache-control") },
  },
  {
    fault: "a 401 names no scheme",
    caughtBy: "authentication/GET /endpoints is closed to nobody in particular",
    plant: { answer: (answer) => without(answer, "www-authenticate") },
  },
  {
    fault: "a 405 names no methods",
    caughtBy: "routing/PUT /endpoints is a 405 that names GET, HEAD, POST",
    plant: { answer: (answer) => without(answer, "allow") },
  },
  {
    fault: "a 429 does not say how long to wait",
    caughtBy: "rate limit/the time to wait is told in whole seconds",
    plant: { answer: (answer) => without(answer, "retry-after") },
  },
  {
    fault: "Location is made of the Host header",
    caughtBy: "routing/Location leads to the new endpoint, whatever the Host header says",
    plant: {
      answer: (answer, { header }) => {
        const { location } = answer.headers;
        if (location === undefined) return answer;
        return { ...answer, headers: { ...answer.headers, location: `http://${header("host")}/${location.slice(2)}` } };
      },
    },
  },
  {
    fault: "problems are plain JSON",
    caughtBy: "routing/there is nothing at /nothing",
    plant: {
      answer: (answer) =>
        answer.status < 400
          ? answer
          : { ...answer, headers: { ...answer.headers, "content-type": "application/json" } },
    },
  },
  {
    fault: "a 204 has a media type",
    caughtBy: "statuses/204 of DELETE /endpoints/{id}",
    plant: { answer: (answer) => ({ ...answer, headers: { ...answer.headers, "content-type": "application/json" } }) },
  },
  {
    fault: "reading shows a secret",
    caughtBy: "statuses/200 of GET /endpoints/{id}",
    plant: {
      answer: (answer, { method }) =>
        method === "GET" ? changed(answer, { secret: "whsec_C2FVsBQIhrscChlQIMV+b5sSYob7oast" }) : answer,
    },
  },
  {
    fault: "a 500 tells the statement that failed",
    caughtBy: "statuses/500 of GET /endpoints",
    plant: {
      answer: (answer) =>
        answer.status === 500 ? changed(answer, { detail: "no such table: outhook_endpoints" }) : answer,
    },
  },
  {
    fault: "a 500 tells where the code lies",
    caughtBy: "authentication/an error thrown in authenticate is a 500 without detail, and logged",
    plant: {
      answer: (answer) =>
        answer.status === 500 ? changed(answer, { detail: String(new Error("broken").stack) }) : answer,
    },
  },
  {
    fault: "what the host's own call of Outhook threw is told the caller",
    caughtBy: "authentication/an error of Outhook thrown in authenticate is a 500 without detail, and logged",
    plant: {
      answer: (answer) =>
        answer.status === 500
          ? { ...changed(answer, { status: 404, code: "not_found", detail: "there is no endpoint" }), status: 404 }
          : answer,
    },
  },
  {
    fault: "each of a flood of faults is listed",
    caughtBy: "fields/of a flood of unknown fields the answer lists a few",
    plant: {
      answer: (answer) => {
        const fault = { param: "x", code: "invalid_body", detail: "x is not a field that can be set here" };
        return answer.status === 422
          ? changed(answer, { errors: Array.from({ length: 115_000 }, () => fault) })
          : answer;
      },
    },
  },
  {
    fault: "whoever disables an endpoint has disabled it by hand",
    caughtBy: "health/an endpoint that answers 410 is disabled and says why",
    plant: {
      answer: (answer, { method }) => (method === "PATCH" ? changed(answer, { disabled_reason: "manual" }) : answer),
    },
  },
  {
    fault: "a refusal tells what a name stands for",
    caughtBy: "input url/url-005: decimal",
    plant: {
      answer: (answer) => (answer.status === 422 ? changed(answer, { detail: "127.0.0.1 is not public" }) : answer),
    },
  },
  {
    fault: "a test that the receiver refuses is a failure of the API",
    caughtBy: "test/an answer of 503 is reported, and the endpoint stays as it was",
    plant: {
      answer: (answer) =>
        answer.body?.startsWith('{"succeeded":false') === true ? { ...answer, status: 502 } : answer,
    },
  },
  {
    fault: "the time of the last test is never shown",
    caughtBy: "test/a test without a body is answered with its attempt, and the endpoint shows when it was",
    plant: {
      answer: (answer, { method }) => (method === "GET" ? changed(answer, { last_verified_at: null }) : answer),
    },
  },
  {
    fault: "a page is never the last",
    caughtBy: "paging/a page that is just full is the last one",
    plant: {
      answer: (answer) => ({ ...answer, body: answer.body?.replace('"has_more":false', '"has_more":true') ?? null }),
    },
  },
];

function without(answer: Answer, name: string): Answer {
  const headers = Object.entries(answer.headers).filter(([header]) => header !== name);
  return { ...answer, headers: Object.fromEntries(headers) };
}

function changed(answer: Answer, fields: object): Answer {
  return { ...answer, body: JSON.stringify({ ...JSON.parse(answer.body ?? "{}"), ...fields }) };
}
