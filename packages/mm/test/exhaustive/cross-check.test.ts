/** Two reductions that share little code agree on every scenario: sleep sets, and source-DPOR. */

import { kernels, scenarioFamilies } from "@mmrace/mm";
import { dpor, exhaustive, explore, type Scenario, type Strategy } from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";

/** Searched on every release; the others on the release that they are about. */
const EVERYWHERE = new Set(["mremap-vs-retract"]);

/** Too large to be searched twice over: tests of bugs and of ablations, and scenarios.test.ts, search them. */
const LARGE = new Set([
  "retract-vs-uffdcopy",
  "cpmt-vs-fault",
  "cpmt-vs-uffdcopy-and-neighbour",
  "dontneed-vs-fault",
  "slow-dontneed-vs-fault",
  "uffdmove-livelock",
  "uffdmove-vs-migration",
  "uffdmove-vs-reclaim",
  "fault-vs-retract",
  "stale-ptl-filemap",
  "collapse-file-vs-load",
]);

/**
 * Here several threads give back references of one page meanwhile somebody looks whether it is free: who is last touches more. A
 * thread that slept through another's put is woken by its own being the last now, so sleep sets run some traces twice.
 */
const LAST_OF_SEVERAL = new Set(["uffdmove-splits"]);

const ALL = scenarioFamilies.flatMap((family) =>
  LARGE.has(family.name)
    ? []
    : kernels
        .filter(({ id }) => EVERYWHERE.has(family.name) || id === family.kernelDefault)
        .map(({ id }) => [family.name, id, family.on(id)] as const),
);

function search<W>(scenario: Scenario<W>, strategy: Strategy): ReturnType<typeof explore> {
  const exploration = explore(scenario, strategy, { stopAtFirst: false });
  expect(exploration.complete).toBe(true);
  return exploration;
}

describe.each(ALL)("%s on %s", (_name, _kernel, scenario) => {
  const sleep = search(scenario, exhaustive({ reduction: "sleep-sets" }));

  test("source-DPOR finds the same, and begins fewer executions in vain", () => {
    const reduced = search(scenario, dpor({ properties: "final-states" }));
    const signatures = (exploration: typeof sleep): readonly string[] =>
      exploration.violations.map(({ signature }) => signature).toSorted();
    expect(signatures(reduced)).toEqual(signatures(sleep));
    expect(reduced.pruned).toBeLessThan(sleep.pruned);
    // Where nothing ends an execution early, both run one execution of each Mazurkiewicz trace.
    if (sleep.violations.length > 0) return;
    if (LAST_OF_SEVERAL.has(scenario.name)) expect(reduced.executions).toBeLessThan(sleep.executions);
    else expect(reduced.executions).toBe(sleep.executions);
  });

  test("every execution with up to one preemption happens again step by step", () => {
    const twice = explore(scenario, exhaustive({ preemptionsMax: 1 }), {
      stopAtFirst: false,
      checkDeterminism: true,
    });
    expect(twice.outcome.kind).not.toBe("notReproducible");
  });
});
