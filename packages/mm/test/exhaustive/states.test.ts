/** Search over states on every scenario of this package: as by plain replay, and with the findings of the search by executions. */

import {
  decodeToken,
  exhaustive,
  explore,
  replayToken,
  searchStates,
  type Exploration,
} from "@mmrace/scheduler";
import { statesByReplay } from "@mmrace/scheduler/testing";
import { describe, expect, test } from "vitest";
import { kernels, scenarioFamilies } from "../../src/index.ts";

const cases = scenarioFamilies.flatMap((family) =>
  kernels.map(({ id }) => [`${family.name} on ${id}`, family.on(id)] as const),
);

function oraclesOf({ violations }: Exploration): ReadonlySet<string> {
  return new Set(violations.map(({ oracle }) => oracle));
}

describe("searchStates", () => {
  test.each(cases)("%s", (_name, scenario) => {
    const found = searchStates(scenario, { stopAtFirst: false });
    expect(found.complete).toBe(true);
    const byExecutions = explore(scenario, exhaustive({ reduction: "sleep-sets" }), { stopAtFirst: false });
    expect(found.unreached).toEqual(byExecutions.unreached);
    // A signature names the last step, and of two steps that commute either may be the last before a state that is wrong.
    expect(oraclesOf(found)).toEqual(oraclesOf(byExecutions));

    for (const violation of found.violations) {
      const other = byExecutions.violations.find(({ signature }) => signature === violation.signature);
      expect(violation.steps).toBeLessThanOrEqual(other?.steps ?? Infinity);
      expect(replayToken(scenario, decodeToken(violation.token))).toEqual({
        kind: "reproduced",
        violation,
        steps: violation.steps,
      });
    }
  });

  test.each(cases.filter(([name]) => /6\.12|cpmt-vs-uffdcopy on 6\.6-dev/.test(name)))(
    "%s, step by step as by replay",
    (_name, scenario) => {
      const { states, transitions, depth, violations } = searchStates(scenario, { stopAtFirst: false });
      const replayed = statesByReplay(scenario);
      expect({ states, transitions, depth }).toEqual({
        states: replayed.states,
        transitions: replayed.transitions,
        depth: replayed.depth,
      });
      const findings = violations.map(({ signature, steps }) => [signature, steps]);
      expect(Object.fromEntries(findings)).toEqual(Object.fromEntries(replayed.findings));
    },
  );
});
