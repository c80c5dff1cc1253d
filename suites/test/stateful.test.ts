/** Systems of actors and processes whose states others have counted: the same numbers here. */

import { decodeToken, replayToken, searchStates } from "@mmrace/scheduler";
import { statesByReplay } from "@mmrace/scheduler/testing";
import { describe, expect, test } from "vitest";
import { commits, dining, registers, twoCopies } from "../src/stateful/index.ts";

describe("registers and commits", () => {
  test.each([...registers, ...commits].map((program) => [program.id, program] as const))(
    "%s",
    (_id, program) => {
      const found = searchStates(program.scenario as never);
      const { states } = program.expected;
      expect(found).toMatchObject({ states, violations: [], unreached: [], complete: true });
    },
  );

  test.each([registers[0]!, commits[0]])("$id, by replay", ({ scenario }) => {
    const { states, transitions, depth } = searchStates(scenario as never);
    const replayed = statesByReplay(scenario as never);
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
