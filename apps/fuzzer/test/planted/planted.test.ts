/** The fuzzer finds planted bugs that need guidance, and loses them when the guidance is taken away. */

import {
  always,
  Cell,
  defineScenario,
  readOnce,
  writeOnce,
  type Scenario,
  type Steps,
} from "@mmrace/scheduler";
import { expect, test } from "vitest";
import type { FuzzStrategy } from "../../src/arms/arms.ts";
import { Fuzzer } from "../../src/engine/fuzzer.ts";

interface Gate {
  readonly cell: Cell<number>;
  passed: number;
}

/** Hand-shakes in a row; both threads give up at the first one that fails, so progress shows as new edges. */
const HAND_SHAKES = 6;

const gate: Scenario<Gate> = defineScenario<Gate>({
  name: "gate",
  setup: () => ({ cell: new Cell("cell", 0), passed: 0 }),
  threads: {
    *a({ cell }): Steps<void> {
      for (let i = 0; i < HAND_SHAKES; i++) {
        yield* writeOnce(cell, 2 * i + 1);
        if ((yield* readOnce(cell)) !== 2 * i + 2) return;
      }
    },
    *b(w): Steps<void> {
      for (let i = 0; i < HAND_SHAKES; i++) {
        if ((yield* readOnce(w.cell)) !== 2 * i + 1) return;
        yield* writeOnce(w.cell, 2 * i + 2);
        w.passed++;
      }
    },
  },
  properties: [always("not all hand-shakes succeed", ({ passed }) => passed < HAND_SHAKES)],
});

const SEEDS = Array.from({ length: 10 }, (_, i) => i + 1);
/** Measured for random seeds 1 to 20: guided 544 to 7,533 executions; a random walk of 60,000 finds it with one seed. */
const BUDGET = 12_000;

/** With how many random seeds the bug is found; every other campaign must have spent its budget. */
function seedsThatFind(strategy: FuzzStrategy): number {
  return SEEDS.filter((randomSeed) => {
    const fuzzer = new Fuzzer(gate, { randomSeed, strategy, ablations: [], memory: "sc", stopOnFirst: true });
    fuzzer.run(BUDGET);
    if (fuzzer.findings.size === 0) expect(fuzzer.executions).toBe(BUDGET);
    return fuzzer.findings.size > 0;
  }).length;
}

// One site stands for all hand-shakes, so that only hit counts tell how far an execution got.
test("guided by coverage, it passes all gates with every random seed", () => {
  expect(seedsThatFind("coverage")).toBe(SEEDS.length);
});

test("without feedback it mostly does not: random walks, and PCT, whose depth of 3 is far below what this bug needs", () => {
  expect(seedsThatFind("random")).toBeLessThanOrEqual(3);
  expect(seedsThatFind("pct")).toBe(0);
});
