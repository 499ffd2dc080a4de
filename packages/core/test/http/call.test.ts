import { describe, expect, it } from "vitest";
import { belowMount, splitUrl } from "../../src/http/call.ts";

describe("a URL", () => {
  it.each([
    { url: "/endpoints", path: "/endpoints", query: "" },
    { url: "/endpoints?", path: "/endpoints", query: "" },
    { url: "/endpoints?limit=1?&a=/b", path: "/endpoints", query: "limit=1?&a=/b" },
    { url: "", path: "/", query: "" },
    { url: "?limit=1", path: "/", query: "limit=1" },
    { url: "//evil.example/endpoints", path: "//evil.example/endpoints", query: "" },
    { url: "http://evil.example/endpoints?limit=1", path: "/endpoints", query: "limit=1" },
    { url: "HTTPS://user@evil.example:1/endpoints", path: "/endpoints", query: "" },
    { url: "http://evil.example", path: "/", query: "" },
    { url: "http://evil.example?limit=1", path: "/", query: "limit=1" },
    { url: "/http://evil.example/endpoints", path: "/http://evil.example/endpoints", query: "" },
  ])("$url has the path $path and the query '$query'", ({ url, path, query }) => {
    expect(splitUrl(url)).toEqual({ path, query });
  });

  it.each([
    { url: "/endpoints?a=/b/c", depth: 0, below: "/endpoints?a=/b/c" },
    { url: "/webhooks/endpoints", depth: 1, below: "/endpoints" },
    { url: "/orgs/a%2Fb/webhooks/endpoints/ep_1", depth: 3, below: "/endpoints/ep_1" },
    { url: "/webhooks", depth: 1, below: "/" },
    { url: "/webhooks//endpoints/", depth: 1, below: "//endpoints/" },
    { url: "http://evil.example/webhooks/endpoints?limit=1", depth: 1, below: "/endpoints?limit=1" },
  ])("$url is $below below a mount $depth deep", ({ url, depth, below }) => {
    expect(belowMount(url, depth)).toBe(below);
  });
});
