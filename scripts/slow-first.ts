import type { TestSequencerConstructor, TestSpecification } from "vitest/node";
import { BaseSequencer } from "vitest/node";

/**
 * Makes these files the first of their projects. Vitest starts the longest files first where a run before has left word of how
 * long each takes, and else the largest; a long one that starts last keeps one processor busy and the others idle.
 */
export function slowFirst(paths: readonly string[]): TestSequencerConstructor {
  const isSlow = ({ moduleId }: TestSpecification): boolean => paths.some((path) => moduleId.endsWith(`/${path}`));
  return class extends BaseSequencer {
    override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
      // oxlint-disable-next-line unicorn/no-array-sort -- of no array
      const sorted = await super.sort(files);
      return [...new Set(sorted.map(({ project }) => project))].flatMap((project) => {
        const ofProject = sorted.filter((file) => file.project === project);
        return [...ofProject.filter(isSlow), ...ofProject.filter((file) => !isSlow(file))];
      });
    }
  };
}
