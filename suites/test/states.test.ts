/** Search over states on every program of the suites: published counts, and the same as by plain replay. */

import { searchStates, type StateExploration } from "@mmrace/scheduler";
import { statesByReplay } from "@mmrace/scheduler/testing";
import { describe, expect, test } from "vitest";
import { correct, wrong, type Program } from "../src/index.ts";

/** Programs with more states take too long here; bench/states.mjs counts those whose number is known. */
const STATES_MAX = 27_000;
/** Replay runs each step of each state from the start. */
const REPLAYED_MAX = 1_000;

const groups: readonly (readonly [string, readonly Program[]])[] = [
  ...Object.entries(correct).map(([name, programs]) => [`correct: ${name}`, programs] as const),
  ...Object.entries(wrong).map(([name, programs]) => [`wrong: ${name}`, programs] as const),
];

/** What was compared, filled in by the tests. */
const compared = { published: 0, replayed: 0, tooLarge: [] as string[] };

/** Findings without lockdep's, of which some show only beside other executions, and so depend on the order of executions. */
function findingsOf({ violations }: StateExploration): Record<string, number> {
  const own = violations.filter(({ oracle }) => oracle !== "lock protocol");
  return Object.fromEntries(own.map(({ signature, steps }) => [signature, steps]));
}

describe.each(groups)("%s", (group, programs) => {
  test.each(programs.map((program) => [program.id, program] as const))("%s", (id, { scenario, expected }) => {
    const found = searchStates(scenario, { stopAtFirst: false, statesMax: STATES_MAX });
    if (!found.complete) {
      compared.tooLarge.push(id);
      return;
    }
    if (expected.states !== undefined) {
      compared.published++;
      expect(found.states).toBe(expected.states);
    }
    expect(found.violations.length > 0).toBe(group.startsWith("wrong"));
    if (found.states > REPLAYED_MAX) return;
    expect(searchStates(scenario, { stopAtFirst: false, order: "dfs" })).toMatchObject({
      states: found.states,
      transitions: found.transitions,
      complete: true,
    });
    compared.replayed++;
    const replayed = statesByReplay(scenario);
    const { states, transitions, depth } = found;
    expect({ states, transitions, depth }).toEqual({
      states: replayed.states,
      transitions: replayed.transitions,
      depth: replayed.depth,
    });
    const findings = [...replayed.findings].filter(([signature]) => !signature.startsWith("lock protocol"));
    expect(findingsOf(found)).toEqual(Object.fromEntries(findings));
  });
});

test("what was compared", () => {
  expect(compared).toEqual({
    published: 89,
    replayed: 118,
    tooLarge: [
      "lastzero(10)",
      "fib_bench(4)",
      "indexer(10)",
      "indexer(11)",
      "indexer(12)",
      "indexer(13)",
      "indexer(14)",
      "filesystem(13)",
      "filesystem(14)",
      "filesystem(16)",
      "filesystem(18)",
      "circular_buffer(7)",
      "wsq",
    ],
  });
});
