/** What a user does with a finding: the regression test goes into a vitest project, and there it does what it says. */

import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const here = fileURLToPath(new URL("../..", import.meta.url));
const program = join(here, "dist", "main.js");
const vitest = join(here, "..", "..", "node_modules", "vitest", "vitest.mjs");
let project = "";
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), "mmrace-regression-"));
  // The built packages, as a project that has installed them finds them.
  symlinkSync(join(here, "node_modules"), join(project, "node_modules"), "junction");
  writeFileSync(join(project, "package.json"), '{ "type": "module" }');
});
afterAll(() => rmSync(project, { recursive: true }));

function run(...args: readonly string[]): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: project,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", VITEST: "", NODE_ENV: "" },
  });
  return { status, output: stdout + stderr };
}

test("the regression test of a finding runs as it is, and tells when the finding is gone", () => {
  const out = join(project, "campaign");
  expect(run(program, "fuzz", "T1-02", "--executions", "2000", "--out", out).status).toBe(3);
  const slugs = readdirSync(join(out, "findings"));
  expect(slugs.map((slug) => slug.replace(/-[0-9a-f]{8}$/, ""))).toEqual([
    expect.stringMatching(/^kernel-assertion-/),
    expect.stringMatching(/^lost-entry-/),
  ]);
  const finding = join(out, "findings", slugs[1]!);
  copyFileSync(join(finding, "regression.test.ts"), join(project, "lost-entry.test.ts"));
  const red = run(vitest, "run", "--root", project, "lost-entry.test.ts");
  expect(red.output).toMatch(/1 passed \| 1 expected fail/);
  expect(red.status).toBe(0);

  // A fixed release in its place: the first test fails, and so does the one that says it does.
  const text = readFileSync(join(project, "lost-entry.test.ts"), "utf8");
  writeFileSync(
    join(project, "lost-entry.test.ts"),
    text.replace("scenarioOf(content)", 'scenarioOf({ ...content, variant: "6.12" })'),
  );
  const fixed = run(vitest, "run", "--root", project, "lost-entry.test.ts");
  expect(fixed.output).toMatch(/2 failed/);
  expect(fixed.status).toBe(1);
});
