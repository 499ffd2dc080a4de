import type { Reporter } from "vitest/node";

/** Ends a test run with one plain line, `tests: 12 passed, 0 failed, 1 skipped`, for people and machines that read logs. */
export function closingLine(): Reporter {
  return {
    onTestRunEnd: (modules, unhandledErrors) => {
      const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0, pending: 0 };
      for (const module of modules) {
        // A file that could not be loaded has an error and no tests.
        counts.failed += module.errors().length;
        for (const test of module.children.allTests()) counts[test.result().state] += 1;
      }
      const skipped = counts.skipped + counts.pending;
      console.log(
        `tests: ${counts.passed} passed, ${counts.failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`,
      );
    },
  };
}
