/**
 * Search over states on scenarios of this package: as by plain replay, and with the findings of the search by executions.
 */

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
import { scenarioFamilies, scenarioFamily } from "../../src/index.ts";

/** Small ones of every area; on the release that they are about. */
const SEARCHED = [
  "mremap-vs-retract",
  "cpmt-vs-rmap-walk",
  "cpmt-vs-gup-fast",
  "cpmt-vs-secondary-mmu",
  "cpmt-vs-retract",
  "collapse-in-two-mms",
  "retract-vs-uffd-wp",
  "anon-collapse-vs-gup-fast",
  "pinned-vs-collapse",
  "mremap-vs-truncate",
  "fault-vs-fault",
  "speculation-vs-copy",
  "shared-store-vs-load",
  "fault-vs-detach",
  "exit-vs-retract",
  "guard-vs-fault",
  "pfnmap-munmap-vs-revoke",
  "uffdcopy-vs-fault",
  "continue-vs-retract",
  "dontneed-vs-dontneed",
  "dontneed-vs-unmap",
];

const cases = SEARCHED.map((name) => {
  const family = scenarioFamily(name);
  return [`${name} on ${family.kernelDefault}`, family.on(family.kernelDefault)] as const;
});

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

  test.each(cases.filter(([name]) => /6\.12|cpmt-vs-gup-fast|speculation/.test(name)))(
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

  test.each(scenarioFamilies.filter(({ name }) => !SEARCHED.includes(name)))(
    "refuses nothing in the first states of $name",
    (family) => {
      const scenario = family.on(family.kernelDefault);
      // To the ends of some executions, since what is refused is mostly near these.
      expect(
        searchStates(scenario, { order: "dfs", statesMax: 300, stopAtFirst: false }).states,
      ).toBeGreaterThan(60);
    },
  );
});
