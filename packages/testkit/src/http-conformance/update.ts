import assert from "node:assert/strict";
import type { Api, HttpCase, HttpCaseGroup, Reply } from "./case.ts";
import { addEndpoint, expectProblem, expectRefusal, expectStatus, hookUrl, listed } from "./steps.ts";

/** What was set, what a patch says, and what is shown then. */
type Merge = { readonly name: string; readonly set: object; readonly patch: object; readonly shows: object };

const merges: readonly Merge[] = [
  {
    name: "absent fields stay",
    set: { events: ["a.b"], description: "d", timeout_seconds: 9, max_retries: 1, metadata: { k: "v" } },
    patch: { url: "https://b.example/" },
    shows: {
      url: "https://b.example/",
      events: ["a.b"],
      description: "d",
      timeout_seconds: 9,
      max_retries: 1,
      metadata: { k: "v" },
    },
  },
  {
    name: "an empty patch changes nothing",
    set: { description: "d" },
    patch: {},
    shows: { url: hookUrl, description: "d" },
  },
  {
    name: "null clears the description",
    set: { description: "d" },
    patch: { description: null },
    shows: { description: null },
  },
  {
    name: "null clears max_retries",
    set: { max_retries: 1 },
    patch: { max_retries: null },
    shows: { max_retries: null },
  },
  {
    name: "null clears the metadata",
    set: { metadata: { k: "v" } },
    patch: { metadata: null },
    shows: { metadata: {} },
  },
  {
    name: "null clears the headers",
    set: { headers: { "x-a": "v" } },
    patch: { headers: null },
    shows: { headers: [] },
  },
  {
    name: "metadata merges by key",
    set: { metadata: { keep: "1", change: "2", drop: "3" } },
    patch: { metadata: { change: "4", drop: null, add: "5" } },
    shows: { metadata: { keep: "1", change: "4", add: "5" } },
  },
  {
    name: "headers merge by name, whatever its case",
    set: { headers: { "X-Keep": "1", "X-Drop": "2" } },
    patch: { headers: { "x-drop": null, "X-Add": "3" } },
    shows: { headers: ["x-add", "x-keep"] },
  },
  { name: "lists are replaced", set: { events: ["a.b", "c.*"] }, patch: { events: ["d"] }, shows: { events: ["d"] } },
  { name: "no events are all", set: { events: ["a.b"] }, patch: { events: [] }, shows: { events: ["*"] } },
];

export const updateCases: HttpCaseGroup = {
  group: "update",
  cases: [
    ...merges.map(mergeCase),
    {
      name: "updated_at moves and created_at stays",
      run: async (api) => {
        const { id, view } = await addEndpoint(api);
        api.clock.advance(61_000);
        const { body } = await patched(api, id, { description: "later" });
        assert.equal(body["created_at"], view["created_at"]);
        assert.equal(body["updated_at"], new Date(api.clock.now()).toISOString());
      },
    },
    {
      name: "disabled pauses, active resumes",
      run: async (api) => {
        const { id } = await addEndpoint(api);
        const acme = api.outhook.tenant("acme");
        await acme.send("loan.active", {});
        const { body } = await patched(api, id, { status: "disabled" });
        assert.deepEqual([body["status"], body["disabled_reason"]], ["disabled", "manual"]);
        await api.outhook.dispatcher.runOnce();
        assert.equal(api.sent.length, 0);
        const resumed = (await patched(api, id, { status: "active" })).body;
        assert.deepEqual([resumed["status"], resumed["disabled_reason"]], ["active", null]);
        await acme.send("loan.active", {});
        await api.outhook.dispatcher.runOnce();
        assert.equal(api.sent.length, 1, "what was sent meanwhile was skipped");
      },
    },
    {
      name: "one wrong value of several changes nothing",
      run: async (api) => {
        const { id } = await addEndpoint(api);
        const json = { description: "new", events: ["a..b"], status: "disabled" };
        await expectRefusal(api, `PATCH /endpoints/${id}`, { json }, [422, "invalid_events", "events[0]"]);
      },
    },
    {
      name: "the media type of merge patches is for PATCH",
      run: async (api) => {
        const { id, view } = await addEndpoint(api);
        const contentType = "application/merge-patch+json";
        const reply = await api.send(`PATCH /endpoints/${id}`, { json: { description: "new" }, contentType });
        assert.deepEqual(expectStatus(reply, 200).body, { ...view, description: "new" });
        const created = await api.unchanged(() => api.send("POST /endpoints", { json: { url: hookUrl }, contentType }));
        expectProblem(created, 415, "unsupported_media_type");
      },
    },
    {
      name: "two patches at once both count",
      run: async (api) => {
        const { id, view } = await addEndpoint(api);
        await Promise.all([
          patched(api, id, { metadata: { one: "1" } }),
          patched(api, id, { metadata: { two: "2" } }),
          patched(api, id, { description: "new" }),
        ]);
        assert.deepEqual(await listed(api), [{ ...view, description: "new", metadata: { one: "1", two: "2" } }]);
      },
    },
  ],
};

function mergeCase({ name, set, patch, shows }: Merge): HttpCase {
  return {
    name,
    run: async (api) => {
      const { id, view } = await addEndpoint(api, set);
      const expected = { ...view, ...shows };
      assert.deepEqual((await patched(api, id, patch)).body, expected);
      assert.deepEqual((await api.send(`GET /endpoints/${id}`)).body, expected);
      assert.deepEqual(await listed(api), [expected]);
    },
  };
}

async function patched(api: Api, id: string, json: object): Promise<Reply> {
  return expectStatus(await api.send(`PATCH /endpoints/${id}`, { json }), 200);
}
