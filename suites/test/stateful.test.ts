/** Systems of actors and processes whose states others have counted: the same numbers here. */

import { decodeToken, replayToken, searchStates } from "@mmrace/scheduler";
import { statesByReplay } from "@mmrace/scheduler/testing";
import { describe, expect, test } from "vitest";
import { commits, dining, kernelLocks, registers, twoCopies } from "../src/stateful/index.ts";

describe("registers and commits", () => {
  test.each([...registers, ...commits].map((program) => [program.id, program] as const))(
    "%s",
    (_id, program) => {
      const found = searchStates(program.scenario);
      const { states } = program.expected;
      expect(found).toMatchObject({ states, violations: [], unreached: [], complete: true });
    },
  );

  test.each([registers[0]!, commits[0]!])("$id, by replay", ({ scenario }) => {
    const { states, transitions, depth } = searchStates(scenario);
    const replayed = statesByReplay(scenario);
    expect({ states, transitions, depth }).toEqual({
      states: replayed.states,
      transitions: replayed.transitions,
      depth: replayed.depth,
    });
  });

  test("two copies of a register are not linearizable: a write by one client is over, and another server knows nothing", () => {
    const { outcome } = searchStates(twoCopies.scenario);
    if (outcome.kind !== "violation") throw new Error(outcome.kind);
    expect(outcome.violation.steps).toBe(4);
    expect(replayToken(twoCopies.scenario, decodeToken(outcome.violation.token)).kind).toBe("reproduced");
  });
});

test("philosophers who never stop: 14,159 in SPIN, whose own first state is one of them", () => {
  const found = searchStates(dining.scenario, { stopAtFirst: false });
  expect(found).toMatchObject({ states: dining.expected.states, complete: true });
  expect(found.violations.map(({ signature }) => signature)).toEqual(["deadlock"]);
});

// TLC says 5,316 distinct states, 16,081 generated, depth 46; and 3,570, 12,125, 21. It counts the first state as generated,
// and states, not steps, along the deepest path. A third column: states when threads of one kind are one.
test.each([
  ["ticket lock(4)", { transitions: 16_080, depth: 45 }, 380],
  ["queued rwlock(2, 2)", { transitions: 12_124, depth: 20 }, 1089],
])("%s: states, transitions and depth of TLC", (id, wanted, orbits) => {
  const { scenario, expected } = kernelLocks.find((program) => program.id === id)!;
  const none = { violations: [], complete: true };
  expect(searchStates(scenario)).toMatchObject({ states: expected.states, ...wanted, ...none });
  expect(searchStates(scenario, { symmetry: true })).toMatchObject({
    states: orbits,
    depth: wanted.depth,
    ...none,
  });
});
