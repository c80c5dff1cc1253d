/** The README of the repository shows rows that the model prints, and answers that the matrix of ablations tests. */

import { readFileSync } from "node:fs";
import { bugById } from "@mmrace/mm";
import { columnsText, decodeToken, explore, iterativeBound, recordTrace } from "@mmrace/scheduler";
import { expectViolation } from "@mmrace/scheduler/testing";
import { expect, test } from "vitest";

function read(path: string): string {
  return readFileSync(new URL(path, import.meta.url), "utf8");
}

const readme = read("../../../../README.md");

test("the rows of the counterexample stand in a real one, in their order", () => {
  const shown = /```text\n(CPU0 mremap[^`]+)\n```/.exec(readme)?.[1]?.split("\n") ?? [];
  expect(shown.length).toBeGreaterThan(10);

  const { family, buggy, oracle } = bugById("mremap-vs-retract");
  const { token } = expectViolation(
    explore(family.on(buggy), iterativeBound({ preemptionsMax: 2 }), {
      stopWhen: (found) => found.oracle === oracle,
    }),
    oracle,
  );
  const printed = columnsText(recordTrace(family.on(buggy), decodeToken(token).schedule)).split("\n");
  let next = 0;
  const missing = shown.filter((row) => {
    const at = printed.indexOf(row, next);
    if (at >= 0) next = at + 1;
    return at < 0;
  });
  expect(missing).toEqual([]);
});

test("every guard of the table of answers is a row of the matrix", () => {
  const guards = [...readme.matchAll(/^\| [^|]+ \| `([a-z_]+\/[^`]+)` \|/gm)].map((match) => match[1]!);
  expect(guards.length).toBeGreaterThan(6);
  const matrix = read("../ablations/matrix.test.ts");
  expect(guards.filter((site) => !matrix.includes(`"${site}"`))).toEqual([]);
});
