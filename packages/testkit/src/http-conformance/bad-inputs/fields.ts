import assert from "node:assert/strict";
import type { HttpCase, HttpCaseGroup } from "../case.ts";
import { addEndpoint, expectStatus, hookUrl } from "../steps.ts";

/** A value of a field that is refused. */
export type RefusedRow = readonly [id: string, why: string, value: unknown];
/** A value of a field that is taken, and how it is shown then. */
export type AcceptedRow = readonly [id: string, why: string, value: unknown, shown: unknown];

/** Sends values as a field of a new endpoint and of a patch. */
export function fieldInputs(
  field: string,
  { refused, accepted = [] }: { readonly refused: readonly RefusedRow[]; readonly accepted?: readonly AcceptedRow[] },
): HttpCaseGroup {
  const refusals = refused.map(([id, why, value]) => refusedCase(`${id}: ${why}`, field, value));
  const acceptances = accepted.map(([id, why, ...row]) => acceptedCase(`${id}: ${why}`, field, row));
  return { group: `input ${field}`, cases: [...refusals, ...acceptances] };
}

function refusedCase(name: string, field: string, value: unknown): HttpCase {
  return {
    name,
    run: async (api) => {
      const json = { [field]: value };
      const created = await api.unchanged(() => api.send("POST /endpoints", { json: { url: hookUrl, ...json } }));
      expectStatus(created, 400, 422);
      // In a patch it takes a header away.
      if (removesHeader(field, value)) return;
      const { id } = await addEndpoint(api);
      const patched = await api.unchanged(() => api.send(`PATCH /endpoints/${id}`, { json }));
      expectStatus(patched, 400, 422);
    },
  };
}

function acceptedCase(
  name: string,
  field: string,
  [value, shown]: readonly [value: unknown, shown: unknown],
): HttpCase {
  return {
    name,
    run: async (api) => {
      const { view } = await addEndpoint(api, { [field]: value });
      assert.deepEqual(view[field], shown);
      const { id } = await addEndpoint(api);
      const { body } = expectStatus(await api.send(`PATCH /endpoints/${id}`, { json: { [field]: value } }), 200);
      assert.deepEqual(body[field], shown);
    },
  };
}

function removesHeader(field: string, value: unknown): boolean {
  return field === "headers" && Object.values(Object(value)).includes(null);
}
