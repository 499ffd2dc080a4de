import assert from "node:assert/strict";
import type { Api, HttpCase, HttpCaseGroup } from "./case.ts";
import { addEndpoint, expectProblem, expectStatus, idsOf, unknownId } from "./steps.ts";

const defaultLimit = 25;

export const pagingCases: HttpCaseGroup = {
  group: "paging",
  cases: [
    {
      name: "an empty list is a page",
      run: async (api) => assert.deepEqual((await api.send("GET /endpoints")).body, { data: [], has_more: false }),
    },
    {
      name: `newest first, ${defaultLimit} a page`,
      run: async (api) => {
        const ids = await addMany(api, defaultLimit + 1);
        const first = await api.send("GET /endpoints");
        assert.deepEqual(idsOf(first), ids.slice(0, defaultLimit));
        assert.equal(first.body["has_more"], true);
        const second = await api.send(`GET /endpoints?starting_after=${ids[defaultLimit - 1]}`);
        assert.deepEqual(idsOf(second), ids.slice(defaultLimit));
        assert.equal(second.body["has_more"], false);
      },
    },
    {
      name: "a page that is just full is the last one",
      run: async (api) => {
        const ids = await addMany(api, 3);
        const reply = await api.send("GET /endpoints?limit=3");
        assert.deepEqual([idsOf(reply), reply.body["has_more"]], [ids, false]);
        const after = await api.send(`GET /endpoints?limit=3&starting_after=${ids[2]}`);
        assert.deepEqual(after.body, { data: [], has_more: false });
      },
    },
    {
      name: "the limit goes from 1 to 100",
      run: async (api) => {
        const ids = await addMany(api, 100);
        assert.deepEqual(idsOf(await api.send("GET /endpoints?limit=100")), ids);
        assert.deepEqual(idsOf(await api.send("GET /endpoints?limit=1")), ids.slice(0, 1));
      },
    },
    {
      name: "a walk misses nothing that stays and shows nothing twice",
      run: async (api) => {
        const ids = await addMany(api, 12);
        const seen: string[] = [];
        for (let path = "/endpoints?limit=2"; ;) {
          const reply = expectStatus(await api.send(`GET ${path}`), 200);
          const page = idsOf(reply);
          seen.push(...page);
          const last = page.at(-1);
          if (reply.body["has_more"] !== true) break;
          // One comes and the cursor's own goes.
          await addEndpoint(api);
          expectStatus(await api.send(`DELETE /endpoints/${last}`), 204);
          path = `/endpoints?limit=2&starting_after=${last}`;
        }
        assert.deepEqual(seen, ids);
      },
    },
    {
      name: "a cursor need not exist any more, but must be an id",
      run: async (api) => {
        const [id = ""] = await addMany(api, 1);
        assert.deepEqual(idsOf(await api.send(`GET /endpoints?starting_after=${unknownId}`)), []);
        const ahead = id.replace(/[0-9a-f]{32}$/, "f".repeat(32));
        assert.deepEqual(idsOf(await api.send(`GET /endpoints?starting_after=${ahead}`)), [id]);
        for (const cursor of ["", "x", "ep_", `${id}x`, `${id}%00`]) {
          const reply = await api.send(`GET /endpoints?starting_after=${cursor}`);
          expectProblem(reply, 400, "invalid_cursor", "starting_after");
        }
      },
    },
    {
      name: "of a parameter given twice the last one counts",
      run: async (api) => {
        const ids = await addMany(api, 3);
        assert.deepEqual(idsOf(await api.send("GET /endpoints?limit=x&limit=2")), ids.slice(0, 2));
      },
    },
    ...["0", "101", "-1", "1.5", "1e2", "", "%2010", "10abc", "0x10", "9999999999", "Infinity"].map(
      (limit): HttpCase => ({
        name: `limit=${limit} is refused`,
        run: async (api) => {
          expectProblem(await api.send(`GET /endpoints?limit=${limit}`), 400, "invalid_limit", "limit");
        },
      }),
    ),
  ],
};

/** The ids of so many endpoints, newest first. */
async function addMany(api: Api, count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  const acme = api.outhook.tenant("acme");
  for (let n = 0; n < count; n += 1) {
    const { endpoint } = await acme.endpoints.create({ url: `https://hooks.example.com/${n}` });
    ids.unshift(endpoint.id);
  }
  return ids;
}
