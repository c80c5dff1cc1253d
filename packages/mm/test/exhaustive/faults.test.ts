/** Faults that meet: every schedule is clean, on the newest release and where locks or mapping differ most. */

import { scenarioFamily } from "@mmrace/mm";
import { exhaustive, explore } from "@mmrace/scheduler";
import { expectNoViolation } from "@mmrace/scheduler/testing";
import { describe, expect, test } from "vitest";

const FAMILIES = [
  "fault-vs-fault",
  "huge-fault-vs-fill",
  "reuse-vs-copy",
  "copy-vs-copy",
  "speculation-vs-copy",
  "store-vs-store-after-fork",
  "shared-store-vs-load",
  "cow-vs-shared-store",
  "fault-vs-detach",
];

describe.each(["6.1", "6.6", "6.12", "6.18"])("on %s", (release) => {
  test.each(FAMILIES)("%s", (name) => {
    const exploration = explore(scenarioFamily(name).on(release), exhaustive({ reduction: "sleep-sets" }));
    expectNoViolation(exploration);
    expect(exploration.complete).toBe(true);
  });
});

test("zero-page-vs-store on 6.18", () => {
  const scenario = scenarioFamily("zero-page-vs-store").on("6.18");
  const exploration = explore(scenario, exhaustive({ reduction: "sleep-sets" }));
  expectNoViolation(exploration);
  expect(exploration.complete).toBe(true);
});
