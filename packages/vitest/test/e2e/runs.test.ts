/** Vitest as a process: what a person sees of a failure, what `--bail` does with it, how a long search ends. */

import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
const config = fileURLToPath(new URL("../runs/vitest.config.ts", import.meta.url));

/** Long for a run, and shorter than the time limit of the tests here. */
const TIME_MAX_MS = 45_000;

interface Result {
  readonly status: number | null;
  readonly text: string;
  readonly tookMs: number;
}

/** Runs one file of the folder `runs` in a vitest of its own, without colours. */
function run(file: string, ...args: readonly string[]): Result {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(VITEST|TEST$|NODE_ENV$|FORCE_COLOR$)/.test(name),
  );
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [vitest, "run", "--config", config, "--reporter=default", file, ...args],
    { encoding: "utf8", timeout: TIME_MAX_MS, env: { ...Object.fromEntries(inherited), NO_COLOR: "1" } },
  );
  return { status, text: stdout + stderr, tookMs: performance.now() - start };
}

describe("a failing matcher", () => {
  test("shows the columns, the token and the call that replays it", () => {
    const { status, text } = run("failing.run.ts");
    expect(status).toBe(1);
    expect(text).toMatch(/Tests {2}2 failed \(2\)/);
    expect(text).toContain(
      'Error: lost-update does not hold in every interleaving: it broke "both increments count" in execution 2, with 1 preemption.\n' +
        "\nCPU0 a                 | CPU1 b\n",
    );
    expect(text).toMatch(/^Replay it with: expect\(scenario\)\.toReplay\("mmr1\.[\w-]+"\)$/m);
    expect(text).toMatch(/but 25 executions showed nothing\.$/m);
    // The place of the expectation, and not one inside the package.
    expect(text).toMatch(/failing\.run\.ts:9:22\n/);
    expect(text).not.toMatch(/packages\/vitest\/src/);
  });

  test("stops the run under --bail", () => {
    const { status, text } = run("failing.run.ts", "--bail", "1");
    expect(status).toBe(1);
    // Vitest counts a test that it did not get to as neither passed nor skipped.
    expect(text).toMatch(/Tests {2}1 failed \(2\)/);
    expect(text).not.toContain("25 executions");
  });
});

test("a search that takes too long ends before the time limit of its test, and says so", () => {
  const { status, text, tookMs } = run("slow.run.ts");
  expect(status).toBe(1);
  expect(text).toMatch(/Tests {2}5 failed \| 1 passed \(6\)/);
  const stopped = text.match(
    /was stopped, since the test may take 400 ms: .*, nothing found, nothing proved\./g,
  );
  // The one that passes would not, had its second attempt no time of its own: the first one has used all there was.
  expect(stopped).toHaveLength(5);
  expect(text).not.toContain("Test timed out");
  // Each of them would take hours; together they may take 2.4 seconds.
  expect(tookMs).toBeLessThan(TIME_MAX_MS / 2);
});
