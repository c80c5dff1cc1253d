/** Search over states on every scenario of this package: as by plain replay, and with the findings of the search by executions. */

import { exhaustive, explore, replayToken, decodeToken, searchStates } from "@mmrace/scheduler";
import { statesByReplay } from "@mmrace/scheduler/testing";
import { describe, expect, test } from "vitest";
import { kernels, scenarioFamilies } from "../../src/index.ts";

const cases = scenarioFamilies.flatMap((family) =>
  kernels.map(({ id }) => [`${family.name} on ${id}`, family.on(id)] as const),
);

describe("searchStates", () => {
  test.each(cases)("%s", (_name, scenario) => {
    const found = searchStates(scenario, { stopAtFirst: false });
    expect(found).toMatchObject({ complete: true, unreached: [] });
    const byExecutions = explore(scenario, exhaustive({ reduction: "sleep-sets" }), { stopAtFirst: false });
    const signatures = found.violations.map(({ signature }) => signature);
    expect(new Set(signatures)).toEqual(new Set(byExecutions.violations.map(({ signature }) => signature)));

    for (const violation of found.violations) {
      const other = byExecutions.violations.find(({ signature }) => signature === violation.signature)!;
      expect(violation.steps).toBeLessThanOrEqual(other.steps);
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
