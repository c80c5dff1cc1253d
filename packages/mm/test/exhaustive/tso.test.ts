/** The fixed releases are clean under x86-TSO too, and the broken ones are not. */

import { scenarioFamily } from "@mmrace/mm";
import { exhaustive, explore } from "@mmrace/scheduler";
import { expectNoViolation } from "@mmrace/scheduler/testing";
import { expect, test } from "vitest";

test.each([
  ["mremap-vs-retract", "6.12"],
  ["cpmt-vs-uffdcopy", "6.11"],
])("%s on %s is clean", (name, release) => {
  const scenario = scenarioFamily(name).on(release);
  const exploration = explore(scenario, exhaustive({ reduction: "sleep-sets" }), { memory: "tso" });
  expectNoViolation(exploration);
  expect(exploration.complete).toBe(true);
});

// With store buffers they have more executions than a test should run: these are the first of those with one preemption, which
// is what their bugs need. So not everything is reached that should be.
test.each(["retract-vs-uffdcopy", "fault-vs-retract"])(
  "%s on 6.12 shows nothing in its first executions with at most one preemption",
  (name) => {
    const scenario = scenarioFamily(name).on("6.12");
    const { violations, executions } = explore(scenario, exhaustive({ preemptionsMax: 1 }), {
      memory: "tso",
      executionsMax: 5000,
    });
    expect(violations).toEqual([]);
    expect(executions).toBeGreaterThan(1000);
  },
);

test.each([
  ["mremap-vs-retract", "6.11", "table shape"],
  ["cpmt-vs-uffdcopy", "6.6-dev", "lost entry"],
])("%s on %s is not: the control", (name, release, oracle) => {
  const scenario = scenarioFamily(name).on(release);
  const { violations } = explore(scenario, exhaustive({ reduction: "sleep-sets" }), {
    memory: "tso",
    stopWhen: (violation) => violation.oracle === oracle,
  });
  expect(violations.map((violation) => violation.oracle)).toContain(oracle);
});
