/** Races of the kernel's history as programs: found on the release that had them; on the fix every schedule is searched. */

import { readFileSync } from "node:fs";
import { scenarioOf } from "@mmrace/mm";
import { parseProgram, programName, programScenario } from "@mmrace/mm/programs";
import { decodeToken, exhaustive, explore, iterativeBound, replayToken } from "@mmrace/scheduler";
import { expectNoViolation } from "@mmrace/scheduler/testing";
import { describe, expect, test } from "vitest";

const bugs: readonly (readonly [file: string, oracle: string, buggy: string, fixed: string])[] = [
  ["mremap-vs-collapse", "table shape", "6.11", "6.12"], // T1-01
  ["fill-vs-collapse", "lost entry", "6.6-dev", "6.11"], // T1-02
  ["dontneed-vs-collapse", "table shape", "6.17-rc1", "6.18"], // 366a4532d96f
];

describe.each(bugs)("%s: %s", (file, oracle, buggy, fixed) => {
  const program = parseProgram(readFileSync(new URL(`files/${file}.prog`, import.meta.url), "utf8"));

  test(`is found on ${buggy} with one preemption, and its token replays without a file`, () => {
    const { violations } = explore(programScenario(program, buggy), iterativeBound({ preemptionsMax: 1 }), {
      stopAtFirst: false,
      executionsMax: 5000,
    });
    const found = violations.find((violation) => violation.oracle === oracle);
    expect(found?.preemptions).toBe(1);
    const token = decodeToken(found!.token);
    expect(token.scenario).toBe(programName(program));
    expect(replayToken(scenarioOf(token), token).kind).toBe("reproduced");
  });

  test(`is silent on ${fixed}, in every schedule`, () => {
    const search = explore(programScenario(program, fixed), exhaustive({ reduction: "sleep-sets" }));
    expectNoViolation(search);
    expect(search.complete).toBe(true);
  });
});
