import type { HttpCase, HttpCaseGroup } from "../case.ts";
import { addEndpoint, expectRefusal, expectStatus, hookUrl } from "../steps.ts";

/** Secrets of one's own cannot be set over HTTP, so that each is made here and none is weak. */
const secrets: readonly (readonly [id: string, why: string, value: unknown])[] = [
  ["secret_rotate-253", "too short", "abc"],
  ["secret_rotate-254", "prefix only", "whsec_"],
  ["secret_rotate-257", "3 bytes decoded", "whsec_YWJj"],
  ["secret_rotate-258", "all-zero secret", "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"],
  ["secret_rotate-259", "no text", 12_345],
];

const overlaps: readonly (readonly [id: string, why: string, value: unknown])[] = [
  ["secret_rotate-261", "negative overlap", -1],
  ["secret_rotate-262", "absurd overlap", 1_000_000_000_000],
  ["secret_rotate-263", "no number", "soon"],
];

export const rotationInputs: HttpCaseGroup = {
  group: "input rotation",
  cases: [
    ...secrets.map(([id, why, secret]): HttpCase => ({
      name: `${id}: ${why}`,
      run: async (api) => {
        const refusal = [422, "invalid_body", "secret"] as const;
        await expectRefusal(api, "POST /endpoints", { json: { url: hookUrl, secret } }, refusal);
        const added = await addEndpoint(api);
        await expectRefusal(api, `POST /endpoints/${added.id}/secret/rotate`, { json: { secret } }, refusal);
        await expectRefusal(api, `PATCH /endpoints/${added.id}`, { json: { secret } }, refusal);
      },
    })),
    ...overlaps.map(([id, why, expire_current_in]): HttpCase => ({
      name: `${id}: ${why}`,
      run: async (api) => {
        const added = await addEndpoint(api);
        const refusal = [422, "invalid_secret", "expire_current_in"] as const;
        const request = { json: { expire_current_in } };
        await expectRefusal(api, `POST /endpoints/${added.id}/secret/rotate`, request, refusal);
      },
    })),
    {
      name: "secret_rotate-265: foreign field",
      run: async (api) => {
        const [one, other] = [await addEndpoint(api), await addEndpoint(api, {}, "globex")];
        const route = `POST /endpoints/${one.id}/secret/rotate`;
        await expectRefusal(api, route, { json: { id: other.id } }, [422, "invalid_body", "id"]);
      },
    },
    {
      name: "secret_rotate-266: normal",
      run: async (api) => {
        const { id } = await addEndpoint(api);
        expectStatus(await api.send(`POST /endpoints/${id}/secret/rotate`, { json: {} }), 200);
      },
    },
  ],
};
