import { run } from "./run.ts";

/** Every file of the project, tracked or new, relative to its root. */
export function projectFiles(root: string): readonly string[] {
  const output = run("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"], {
    cwd: root,
  });
  const deleted = new Set(run("git", ["ls-files", "-z", "--deleted"], { cwd: root }).split("\0"));
  return output.split("\0").filter((path) => path !== "" && !deleted.has(path));
}
