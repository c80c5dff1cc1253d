/**
 * Minimization on the shapes of SCTBench: from findings of random walks, which preempt a lot, down to as few preemptions
 * as the exact counts say there must be, with a proof.
 */

import { explore, minimize, random } from "@mmrace/scheduler";
import { expect, test } from "vitest";
import { large, wrong, type Program } from "../src/index.ts";

const programs: readonly Program[] = [...Object.values(wrong), ...Object.values(large)]
  .flat()
  .filter(({ expected }) => expected.preemptions !== undefined);

const FINDINGS = 5;

test.each(programs.map((program) => [program.id, program] as const))("%s", (_id, program) => {
  const { scenario, expected } = program;
  const fewest = expected.preemptions![1].findIndex((count) => count > 0);
  const tokens = new Set<string>();
  let noise = 0;
  for (let randomSeed = 1; randomSeed <= FINDINGS; randomSeed++) {
    const found = explore(scenario, random({ randomSeed, executionsMax: 10_000 })).violations[0]!;
    const { violation, ...proof } = minimize(scenario, found);
    expect(violation.signature).toBe(found.signature);
    expect(violation.preemptions).toBe(fewest);
    expect(proof).toMatchObject({ fewestPreemptionsProven: true, fewestStepsProven: true });
    noise += found.preemptions - fewest;
    tokens.add(violation.token);
  }
  // Whatever schedule showed it first, one schedule is left of it.
  expect(tokens.size).toBe(1);
  if (expected.interleavings === undefined || expected.interleavings > 100) expect(noise).toBeGreaterThan(0);
});
