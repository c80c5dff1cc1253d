/** Any bytes are a schedule, and the canonical form says exactly what happened. */

import { encodeSchedule, Engine, replaySchedule, type Scenario } from "@mmrace/scheduler";
import fc from "fast-check";
import { expect, test } from "vitest";
import { badChoice, lostUpdate, writers } from "../programs.ts";

function run<W>(
  scenario: Scenario<W>,
  schedule: Uint8Array,
): { choices: number[]; values: number[]; preemptions: number } {
  const engine = new Engine(scenario);
  const strategy = replaySchedule(schedule);
  strategy.beginExecution();
  engine.run(strategy);
  return { choices: [...engine.choices], values: [...engine.values], preemptions: engine.preemptions };
}

test("no bytes: every thread runs to its end, in order", () => {
  expect(run(writers(3, 2, true), new Uint8Array(0))).toEqual({
    choices: [0, 0, 1, 1, 2, 2],
    values: [],
    preemptions: 0,
  });
});

test("a block is a thread and one less than its steps; a block of a finished thread goes to the next one", () => {
  expect(run(writers(2, 3, true), Uint8Array.of(1, 1, 0, 0, 1, 9, 1, 0)).choices).toEqual([1, 1, 0, 1, 0, 0]);
});

test("preemptions count only where the thread could have gone on", () => {
  expect(run(writers(2, 2, true), Uint8Array.of(0, 0, 1, 1)).preemptions).toBe(1);
});

test("data choices are read from the back", () => {
  expect(run(badChoice, Uint8Array.of(1)).values).toEqual([1]);
  expect(run(badChoice, Uint8Array.of(0, 0, 2)).values).toEqual([2]);
  expect(run(badChoice, new Uint8Array(0)).values).toEqual([0]);
});

test("a run of more than 256 steps takes several blocks", () => {
  const choices = Array.from({ length: 600 }, () => 1);
  expect([...encodeSchedule(choices, [7])]).toEqual([1, 255, 1, 255, 1, 87, 7]);
});

test("whatever the bytes, what happened can be encoded and happens again", () => {
  const scenarios = [lostUpdate, badChoice, writers(3, 3, true)] as unknown as readonly Scenario<unknown>[];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 24 }), fc.constantFrom(...scenarios), (bytes, scenario) => {
      const first = run(scenario, bytes);
      expect(run(scenario, encodeSchedule(first.choices, first.values))).toEqual(first);
    }),
    { seed: 1, numRuns: 300 },
  );
});
