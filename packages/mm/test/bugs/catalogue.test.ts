/** Each real bug is found on a release that had it, and no schedule shows anything on the release that is clean. */

import {
  ablationsOf,
  bugById,
  bugs,
  KERNEL_ASSERTION,
  linux_6_11,
  linux_6_12,
  LOST_ENTRY,
  scenarioOf,
  searchAll,
  TABLE_SHAPE,
} from "@mmrace/mm";
import { decodeToken, exhaustive, explore, iterativeBound, replayToken, UsageError } from "@mmrace/scheduler";
import { expectNoViolation, expectViolation } from "@mmrace/scheduler/testing";
import { describe, expect, test } from "vitest";

const all = { reduction: "sleep-sets" } as const;

describe.each(bugs.map((bug) => [bug.id, bug] as const))("%s", (_id, bug) => {
  const ablations = ablationsOf(bug);

  test(`is found on ${bug.buggy}, with as many preemptions as the catalogue says, not with fewer, and its token shows it again`, () => {
    if (bug.preemptions > 0) {
      const calm = explore(bug.family.on(bug.buggy), exhaustive({ preemptionsMax: bug.preemptions - 1 }), {
        ablations,
        stopAtFirst: false,
      });
      expect(calm.violations.filter(({ oracle }) => oracle === bug.oracle)).toEqual([]);
    }
    const exploration = explore(bug.family.on(bug.buggy), iterativeBound({ preemptionsMax: 3 }), {
      stopWhen: ({ oracle }) => oracle === bug.oracle,
      ablations,
    });
    expect(expectViolation(exploration, bug.oracle).preemptions).toBe(bug.preemptions);
    for (const violation of exploration.violations) {
      const content = decodeToken(violation.token);
      expect(replayToken(scenarioOf(content), content)).toMatchObject({ kind: "reproduced", violation });
    }
  });

  test(`the search of all schedules, or of all states, on ${bug.fixed} is complete and clean, and gets everywhere it should`, () => {
    const exploration = searchAll(bug, bug.fixed);
    expectNoViolation(exploration);
    expect(exploration.complete).toBe(true);
  });
});

describe("T1-02 on 6.6, which has the fix", () => {
  const { violations, complete } = explore(bugById("T1-02").family.on("6.6"), exhaustive(all), {
    stopAtFirst: false,
  });

  test("no entry is lost", () => {
    expect(complete).toBe(true);
    expect(violations.filter(({ oracle }) => oracle === LOST_ENTRY)).toEqual([]);
  });

  test("but the fill's own assertion breaks, as it does until 4828d207dc51", () => {
    expect(violations.map(({ oracle }) => oracle)).toEqual([KERNEL_ASSERTION]);
  });
});

test("the search of all schedules agrees with the plain one on a bound that the plain one can finish", () => {
  const { family, buggy } = bugById("mremap-vs-retract");
  const bounded = explore(family.on(buggy), exhaustive({ preemptionsMax: 2 }), { stopAtFirst: false });
  expect(bounded.violations.map(({ oracle }) => oracle)).toContain(TABLE_SHAPE);
});

test("a release of one's own: 6.12 without the recheck has the bug again", () => {
  const mine = {
    id: "mine",
    ops: { ...linux_6_12, moveNormalPmd: linux_6_11.moveNormalPmd },
    about: "6.12, one patch reverted",
  };
  const { family, oracle } = bugById("T1-01");
  const exploration = explore(family.on(mine), exhaustive(all), { stopAtFirst: false });
  expect(expectViolation(exploration, oracle).preemptions).toBe(1);
});

test("unknown names are refused with what there is", () => {
  expect(() => bugById("T9-99")).toThrow(UsageError);
  expect(() => bugById("T9-99")).toThrow(/T1-01/);
  expect(() => bugById("T1-01").family.on("5.4")).toThrow(/6.6-dev, 6.6, 6.9, 6.11, 6.12/);
  expect(() => bugById("T1-01").family.on("6.12", { ptesPerTable: 0, pmdsPerMm: 2 })).toThrow(/ptesPerTable/);
});
