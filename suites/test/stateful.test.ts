/** Systems of actors and processes whose states others have counted: the same numbers here. */

import { decodeToken, replayToken, searchStates } from "@mmrace/scheduler";
import { statesByReplay } from "@mmrace/scheduler/testing";
import { describe, expect, test } from "vitest";
import { asidAllocators, commits, dining, kernelLocks, registers, twoCopies } from "../src/stateful/index.ts";
import { countOrbits } from "./asid-orbits.ts";

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

// TLC says of two CPUs and two tasks: 49,296 states, 163,283 generated, depth 61; without its symmetry 197,000, 652,477 and 61.
// No second generation begins there, so no CPU is chosen from several, and what TLC takes to be symmetric is.
// Of one CPU, three tasks, 3 identifiers and 2 generations: 20,236, 45,825 and 92; without symmetry 120,848, 273,289 and 92. TLC
// also generates the states of one generation more, which it is not to look at; here the step that would lead there waits.
describe("identifiers of address spaces", () => {
  test.each([
    [0, { transitions: 652_476, outside: 0 }, { orbits: 49_296, generated: 163_283, depth: 61 }],
    [1, { transitions: 268_716, outside: 4572 }, { orbits: 20_236, generated: 45_825, depth: 92 }],
  ])("program %i: all states, and one of each class as TLC counts them", (index, all, byClass) => {
    const { sizes, program } = asidAllocators[index]!;
    const { states } = program.expected;
    expect(searchStates(program.scenario)).toMatchObject({
      states,
      transitions: all.transitions,
      depth: byClass.depth - 1,
      violations: [],
      complete: true,
    });
    expect(countOrbits(sizes)).toEqual({ ...byClass, all: { states, ...all } });
  });
});
