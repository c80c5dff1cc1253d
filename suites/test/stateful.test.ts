/** Systems of actors and processes whose states others have counted: the same numbers here. */

import { decodeToken, replayToken, searchStates } from "@mmrace/scheduler";
import { statesByReplay } from "@mmrace/scheduler/testing";
import { describe, expect, test } from "vitest";
import {
  asidAllocators,
  commits,
  dining,
  kernelLocks,
  registers,
  spinlocks,
  twoCopies,
} from "../src/stateful/index.ts";
import { queuedSpinlock } from "../src/stateful/qspinlock.ts";
import { countAsidOrbits } from "./asid-orbits.ts";
import { countSpinlockOrbits } from "./qspinlock-machine.ts";

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
    expect(countAsidOrbits(sizes)).toEqual({ ...byClass, wrongAfter: undefined, all: { states, ...all } });
  });
});

// TLC says of two CPUs that look again once: 4,866 states, 9,506 generated, depth 144; without symmetry 9,722, 18,991 and 144.
// Twice: 6,146, 11,996 and 148; 12,282, 23,971 and 148. What it says of three CPUs is in bench/states.mjs.
describe("queued spinlocks", () => {
  test.each([
    [0, { transitions: 18_990 }, { orbits: 4866, generated: 9506, depth: 144 }],
    [1, { transitions: 23_970 }, { orbits: 6146, generated: 11_996, depth: 148 }],
  ])("program %i: states, transitions and depth of TLC, with symmetry and without", (index, all, byClass) => {
    const { sizes, program } = spinlocks[index]!;
    const { scenario, expected } = program;
    const rest = { depth: byClass.depth - 1, violations: [], complete: true };
    expect(searchStates(scenario)).toMatchObject({ states: expected.states, ...all, ...rest });
    expect(searchStates(scenario, { symmetry: true })).toMatchObject({
      states: byClass.orbits,
      transitions: byClass.generated - 1,
      ...rest,
    });
    expect(countSpinlockOrbits(sizes)).toEqual({
      ...byClass,
      wrongAfter: undefined,
      all: { states: expected.states, ...all, outside: 0 },
    });
  });

  // TLC finds it in a state that 31 steps lead to, too.
  test("a head of the queue that does not wait for the pending CPU is in the critical section together with it", () => {
    const sizes = { cpus: 2, pendingLoops: 1, headIgnoresPending: true };
    const { scenario } = queuedSpinlock(sizes, {});
    expect(countSpinlockOrbits(sizes).wrongAfter).toBe(31);
    for (const symmetry of [false, true]) {
      const { outcome } = searchStates(scenario, { symmetry });
      if (outcome.kind !== "violation") throw new Error(outcome.kind);
      const { oracle, steps, token } = outcome.violation;
      expect({ oracle, steps }).toEqual({ oracle: "one writer, or readers", steps: 31 });
      expect(replayToken(scenario, decodeToken(token)).kind).toBe("reproduced");
    }
  });
});
