import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // One server for all: the one that OUTHOOK_TEST_POSTGRES_URL names, or a throw-away one.
    globalSetup: ["test/fixtures/global-setup.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
