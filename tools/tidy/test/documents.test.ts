/** Documents say what the code says: programs are shown as they run, reductions are listed, links lead somewhere. */

import { existsSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { expect, test } from "vitest";
import { repositoryFiles, root } from "../src/source-file.ts";

const files = repositoryFiles();

function read(path: string): string {
  return readFileSync(root + path, "utf8");
}

test.each([
  ["README.md", "tools/pack-check/programs/mm.ts"],
  ["packages/scheduler/README.md", "tools/pack-check/programs/scheduler-only.ts"],
  ["packages/vitest/README.md", "tools/pack-check/tests/lost-update.test.ts"],
])("%s shows %s word for word", (document, program) => {
  expect(read(document)).toContain(read(program));
});

test("every file that reduces the kernel is listed in the fidelity page", () => {
  const fidelity = read("docs/model/fidelity.md");
  const reducing = files.filter(
    ({ path, text }) => /^packages\/(mm|locks)\/src\//.test(path) && /Reduced:/.test(text),
  );
  expect(reducing.length).toBeGreaterThan(8);
  const missing = reducing
    .map(({ path }) => path.replace(/^packages\/(mm|locks)\/src\//, ""))
    .filter((path) => !fidelity.includes(path));
  expect(missing).toEqual([]);
});

test("links inside the repository lead to something", () => {
  const broken = files
    .filter(({ path }) => path.endsWith(".md") && !path.startsWith(".changeset"))
    .flatMap(({ path, text }) =>
      [...text.matchAll(/\]\(([^)#:]+)(#[^)]*)?\)/g)]
        .map((match) => posix.join(posix.dirname(path), match[1]!))
        .filter((target) => !existsSync(root + target))
        .map((target) => `${path}: ${target}`),
    );
  expect(broken).toEqual([]);
});
