import { defineConfig } from "vitest/config";
import { closingLine } from "./scripts/closing-line.ts";

/** `pnpm test:long` sets it: the long lane runs `*.long.test.ts` and nothing else. */
const long = process.env["OUTHOOK_LONG"] === "1";

export default defineConfig({
  test: {
    dir: ".",
    include: ["packages/*/test", "test"].map((folder) => `${folder}/**/*.${long ? "long." : ""}test.ts`),
    exclude: ["**/node_modules/**", "**/.planted-*/**", ...(long ? [] : ["**/*.long.test.ts"])],
    // Processes, not threads: tests here kill dispatchers, measure event loops and load a native database.
    pool: "forks",
    maxWorkers: long ? 1 : 2,
    testTimeout: long ? 600_000 : 10_000,
    hookTimeout: long ? 60_000 : 10_000,
    typecheck: {
      enabled: !long,
      include: ["packages/*/test/**/*.test-d.ts", "test/**/*.test-d.ts"],
      tsconfig: "./tsconfig.json",
      // `pnpm lint` compiles everything; here only the type tests count.
      ignoreSourceErrors: true,
    },
    reporters: ["default", closingLine()],
  },
});
