import assert from "node:assert/strict";
import type { HttpCaseGroup } from "./case.ts";
import { endpointRoutes } from "./routes.ts";
import { addEndpoint, expectProblem, expectStatus, listed, routeTo } from "./steps.ts";

export const deleteCases: HttpCaseGroup = {
  group: "delete",
  cases: [
    {
      name: "a deleted endpoint is gone for every route, the others stay",
      run: async (api) => {
        const { id } = await addEndpoint(api);
        const { view } = await addEndpoint(api);
        expectStatus(await api.send(`DELETE /endpoints/${id}`), 204);
        for (const { route, json } of endpointRoutes) {
          expectProblem(await api.send(routeTo(route, id), { json }), 404, "not_found");
        }
        assert.deepEqual(await listed(api), [view]);
      },
    },
    {
      name: "nothing is delivered any more",
      run: async (api) => {
        const { id } = await addEndpoint(api);
        await api.outhook.tenant("acme").send("loan.active", {});
        expectStatus(await api.send(`DELETE /endpoints/${id}`), 204);
        await api.outhook.dispatcher.runOnce();
        assert.deepEqual(api.sent, []);
      },
    },
    {
      name: "a body is not looked at",
      run: async (api) => {
        const { id } = await addEndpoint(api);
        const request = { body: "{", early: "parser" } as const;
        const reply = await api.send(`DELETE /endpoints/${id}`, request);
        if (reply.ours) expectStatus(reply, 204);
      },
    },
    {
      name: "of many deletions at once one finds it",
      run: async (api) => {
        const { id } = await addEndpoint(api);
        const replies = await Promise.all(Array.from({ length: 10 }, () => api.send(`DELETE /endpoints/${id}`)));
        for (const reply of replies) expectStatus(reply, 204, 404);
        assert.equal(replies.filter(({ status }) => status === 204).length, 1);
      },
    },
  ],
};
