/** The memory model tso: exact counts, and that reduction loses nothing of it. */

import { dpor, exhaustive, optimalDpor, Prng, type Scenario } from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";
import { footprintsConflict } from "../../src/footprint.ts";
import { Dpor } from "../../src/strategies/dpor.ts";
import { SOUND_RULES } from "../../src/strategies/races.ts";
import { program, searches, survey, type Memory } from "../tso-programs.ts";

describe("store buffering", () => {
  // Interleavings in closed form: a store, the step that drains it, and the rest are three sequences to be merged.
  test.each([
    ["plain", ["x=1 y", "y=1 x"], 6, 3, 80, 4],
    ["behind barriers", ["x=1 F y", "y=1 F x"], 20, 3, 70, 3],
    ["by exchanges", ["x<-1 y", "y<-1 x"], 6, 3, 6, 3],
    ["with a look at the own store", ["x=1 x y", "y=1 y x"], 20, 3, 630, 4],
    ["on one cell", ["x=1 x", "x=2 x"], 6, 4, 80, 4],
  ] as const)("%s", (_name, threads, scRuns, scOutcomes, tsoRuns, tsoOutcomes) => {
    const scenario = program(threads);
    const sc = survey(scenario, "sc", exhaustive());
    const tso = survey(scenario, "tso", exhaustive());
    expect([sc.executions, sc.outcomes.size]).toEqual([scRuns, scOutcomes]);
    expect([tso.executions, tso.outcomes.size]).toEqual([tsoRuns, tsoOutcomes]);
    for (const outcome of sc.outcomes) expect(tso.outcomes).toContain(outcome);
    for (const strategy of searches())
      expect(survey(scenario, "tso", strategy).outcomes).toEqual(tso.outcomes);
  });

  test("threads of one CPU share a buffer: they never see it", () => {
    const scenario = program(["x=1 y", "y=1 x"], [0, 0]);
    const sc = survey(scenario, "sc", exhaustive());
    for (const strategy of searches())
      expect(survey(scenario, "tso", strategy).outcomes).toEqual(sc.outcomes);
  });

  test("an observer on another CPU sees them late", () => {
    const scenario = program(["x=1 y", "y=1 x", "y x"], [0, 0, 1]);
    const [plain, ...reduced] = searches().map((strategy) => survey(scenario, "tso", strategy).outcomes);
    for (const outcomes of reduced) expect(outcomes).toEqual(plain);
  });
});

describe("reduction", () => {
  const common = ["x=1", "y=1", "x", "y"];
  const rare = ["x=2", "x<-2", "x?1:2", "F"];
  const randomProgram = (randomSeed: number): Scenario<Memory> => {
    const prng = new Prng(randomSeed);
    const any = (): string => (prng.below(4) === 0 ? rare : common)[prng.below(4)]!;
    const text = (): string => Array.from({ length: 2 + prng.below(2) }, any).join(" ");
    const threads = Array.from({ length: 2 + prng.below(2) }, text);
    const isShared = prng.below(3) === 0;
    // Three threads of three steps have too many interleavings here.
    const fitting =
      threads.length === 2 ? threads : threads.map((part) => part.split(" ").slice(0, 2).join(" "));
    return program(fitting, isShared ? [0, 0, 1] : [0, 1, 2]);
  };

  test("loses no outcome of 300 random programs", () => {
    let relaxed = 0;
    for (let randomSeed = 1; randomSeed <= 300; randomSeed++) {
      const scenario = randomProgram(randomSeed);
      const sleeping = survey(scenario, "tso", exhaustive({ reduction: "sleep-sets" }));
      const reduced = survey(scenario, "tso", dpor());
      expect([scenario.name, reduced.outcomes]).toEqual([scenario.name, sleeping.outcomes]);
      const optimal = survey(scenario, "tso", optimalDpor());
      expect([scenario.name, optimal.outcomes]).toEqual([scenario.name, sleeping.outcomes]);
      const sc = survey(scenario, "sc", exhaustive({ reduction: "sleep-sets" }));
      for (const outcome of sc.outcomes) expect(reduced.outcomes).toContain(outcome);
      if (reduced.outcomes.size > sc.outcomes.size) relaxed++;
    }
    // Few random programs show their buffers; these do.
    expect(relaxed).toBe(5);
  });

  test("sleep sets lose none either, where every interleaving can be run", () => {
    for (let randomSeed = 1; randomSeed <= 300; randomSeed++) {
      const scenario = randomProgram(randomSeed);
      if (Object.keys(scenario.threads).length > 2) continue;
      const plain = survey(scenario, "tso", exhaustive());
      const sleeping = survey(scenario, "tso", exhaustive({ reduction: "sleep-sets" }));
      expect([scenario.name, sleeping.outcomes]).toEqual([scenario.name, plain.outcomes]);
    }
  });

  test("stands on what stores touch besides their cells: the control", () => {
    const scenario = program(["x=1 x y", "y=1 y x"]);
    const blind = new Dpor(
      {},
      { ...SOUND_RULES, conflict: (a, b) => footprintsConflict({ ...a, others: [] }, { ...b, others: [] }) },
    );
    expect(survey(scenario, "tso", blind).outcomes.size).toBeLessThan(4);
  });
});
